-- Returns 10 rows.
SELECT id, voxels FROM IDS(seg X 0:512 Y 0:512 Z 0:16) ORDER BY voxels DESC LIMIT 10;
