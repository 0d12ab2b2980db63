-- Returns tag INSERT n, n voxels were empty before.
INSERT CUTOUT INTO seg X 0:64 Y 0:64 Z 0:8 MODE PRESERVE FROM FILE 'block.npy';
