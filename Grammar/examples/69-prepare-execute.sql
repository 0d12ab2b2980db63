-- Returns tag, then UINT8 (8,64,64).
PREPARE c AS SELECT CUTOUT FROM em X $1:$2 Y $3:$4 Z $5:$6; EXECUTE c (0,64,0,64,0,8);
