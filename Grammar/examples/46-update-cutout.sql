-- Returns tag UPDATE n, voxels rewritten.
UPDATE CUTOUT seg SET ID = 9 WHERE ID IN (17, 23);
