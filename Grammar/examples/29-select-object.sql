-- Returns size and centroid, no voxel read.
SELECT id, volume_um3, cx, cy, cz FROM OBJECTS(seg) WHERE id = 42;
