-- Returns UINT16 (T,Z,Y,X) = (10,8,64,64).
SELECT CUTOUT FROM calcium T 0:10 X 0:64 Y 0:64 Z 0:8;
