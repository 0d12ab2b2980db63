-- Names that are words or operators elsewhere need no quotes in a path.
SELECT CUTOUT FROM kasthuri2015/em-v1/cc X 0:5;
SELECT CUTOUT FROM SELECT/FROM/WHERE X 0:5 /* a comment */ Y 0:5;
SELECT CUTOUT FROM bossdb://lab/2015-data/em X :5 -- to the end of the line
;
SELECT CUTOUT FROM lab/"my mouse"/"say ""em""" X *;
SELECT CUTOUT FROM 2015/3e8/0x X 0um:12.5µm;
SELECT "CUTOUT", "id" FROM "ids"/syn/x X 0:5;
