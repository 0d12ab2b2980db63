-- Returns 64 rows: z, count, min, max, sum, mean, stddev, zeros, nans.
STATS OF em X 0:512 Y 0:512 Z 0:64 BY Z;
