-- Returns count INT64.
SELECT COUNT(*) FROM OBJECTS(seg) WHERE voxels >= 1000;
