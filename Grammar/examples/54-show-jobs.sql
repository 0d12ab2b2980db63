-- Returns job rows.
SHOW JOBS;
