-- Running the engine.
EXPLAIN (FORMAT JSON) FIND IDS IN seg X 0:64;
SET max_result_bytes = 4GiB; SET stale_levels = 'compute'; SET stale_levels = stored; RESET stale_levels;
SHOW SETTINGS; ALTER SYSTEM SET history_retention = '30 days';
PREPARE s AS SELECT id FROM IDS(seg X $1:$2) WHERE id IN $3 ORDER BY id LIMIT $4;
EXECUTE s (0, 64, (1, 2, 3), 10); EXECUTE s; DEALLOCATE s;
SET history_retention = '7d'; SET history_retention = off; SHOW STORAGE; SELECT * FROM sys.storage;
CHECK; CHECK em; CHECK DATABASE; CHECK DATABASE FULL; CHECK QUICK; CHECK em QUICK; CHECK database/em FULL;
COMPACT; COMPACT lab; CHECKPOINT; BACKUP TO 'dir' INCREMENTAL;
WARM em RES 1 Z 0:64; EVICT em; CANCEL QUERY 12;
SHOW KEYWORDS; SHOW QUERY LOG;
