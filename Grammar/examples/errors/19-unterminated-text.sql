-- expect: 42601 37
SET METADATA ON em 'a' = 'b', 'c' = 'd;
