-- Returns error 22V01, hint names the extent 0:4096 and OUTSIDE.
SELECT CUTOUT FROM em X 4090:5000 Y 0:64 Z 0:8;
