-- Returns dtype, axes, shape, bytes.
DESCRIBE SELECT CUTOUT FROM em RES 1 X 0:256 Y 0:256 Z 0:16;
