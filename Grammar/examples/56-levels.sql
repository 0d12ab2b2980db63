-- Returns one row per level.
SELECT res, voxel_x, voxel_z, dirty_pages FROM LEVELS(em);
