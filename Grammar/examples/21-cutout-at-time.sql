-- Returns same, last commit not later.
SELECT CUTOUT FROM seg@'2026-03-01T00:00:00Z' X 0:64 Y 0:64 Z 0:8;
