-- Returns UINT8 (8,64,64), first ten columns 0.
SELECT CUTOUT FROM em X -10:54 Y 0:64 Z 0:8 OUTSIDE FILL 0;
