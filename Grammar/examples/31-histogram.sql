-- Returns 256 rows: bin, lo, hi, count.
HISTOGRAM OF em Z 100 BINS 256 RANGE 0, 256;
