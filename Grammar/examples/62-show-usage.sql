-- Returns metric, used, limit, since.
SHOW USAGE FOR USER ann;
