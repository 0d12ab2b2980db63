-- Returns plan with pages, cache hits, bytes, ms.
EXPLAIN ANALYZE SELECT CUTOUT FROM em X 0:512 Y 0:512 Z 0:16;
