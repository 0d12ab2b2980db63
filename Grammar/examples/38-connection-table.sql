-- Returns connection table.
SELECT s.pre, s.post, COUNT(*) AS n FROM syn AS s GROUP BY s.pre, s.post HAVING COUNT(*) >= 5 ORDER BY n DESC;
