-- expect: 42601 28
CREATE FRAME f X 0:5 Y 0:5 VOXEL 4nm, 4nm, 40nm;
