-- Versions and transactions.
BEGIN READ ONLY; SAVEPOINT a; ROLLBACK TO a; ROLLBACK TO SAVEPOINT a; RELEASE a; RELEASE SAVEPOINT a;
COMMIT MESSAGE 'text'; ROLLBACK;
CREATE SNAPSHOT release1 OF lab/mouse1 MESSAGE 'text'; DROP SNAPSHOT release1 OF lab/mouse1;
SHOW SNAPSHOTS IN lab/mouse1;
SELECT CUTOUT FROM lab/mouse1/seg@#1234 X 0:64 Y 0:64 Z 0:16;
RESTORE lab/mouse1/seg X 0:64 TO @release1;
CREATE BRANCH fix OF lab/mouse1 FROM @release1; USE BRANCH fix OF lab/mouse1;
MERGE BRANCH fix INTO main OF lab/mouse1 ON CONFLICT OURS;
SHOW HISTORY OF lab/mouse1/seg; SHOW HISTORY OF lab/mouse1/seg OF ID 42; SHOW COMMITS;
SELECT * FROM HISTORY(lab/mouse1/seg Z 0:8);
CREATE SNAPSHOT before OF lab/mouse1@#12;
