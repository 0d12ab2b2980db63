-- Returns UINT64 (8,64,64) at that snapshot.
SELECT CUTOUT FROM seg@release1 X 0:64 Y 0:64 Z 0:8;
