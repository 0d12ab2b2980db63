-- Returns contingency table of two segmentations.
SELECT id_a, id_b, voxels FROM OVERLAP(seg, seg2 X 0:512 Y 0:512 Z 0:64);
