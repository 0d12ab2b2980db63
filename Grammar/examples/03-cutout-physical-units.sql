-- Returns UINT8 (25,500,500).
SELECT CUTOUT FROM em X 0um:2um Y 0um:2um Z 0um:1um;
