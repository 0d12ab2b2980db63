-- Returns stored size.
SELECT SUM(bytes) FROM PAGES(em);
