-- expect: 42601 26
SELECT CUTOUT FROM a/b/c/d;
