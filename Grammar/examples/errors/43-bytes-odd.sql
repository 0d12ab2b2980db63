-- expect: 42601 26
SET METADATA ON em 'a' = X'abc';
