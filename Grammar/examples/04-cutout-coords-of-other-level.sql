-- Returns level-2 volume of that place: UINT8 (16,256,256) while z is not halved.
SELECT CUTOUT FROM em RES 2 COORDS RES 0 X 0:1024 Y 0:1024 Z 0:16;
