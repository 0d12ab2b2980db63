-- Returns plan: index scan of whole pages, voxel scan of the rim.
EXPLAIN FIND IDS IN seg X 10:500 Y 0:512 Z 0:16;
