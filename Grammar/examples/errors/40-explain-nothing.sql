-- expect: 42601 8
EXPLAIN;
