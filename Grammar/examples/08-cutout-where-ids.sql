-- Returns UINT64 (16,512,512), other labels 0.
SELECT CUTOUT FROM seg X 0:512 Y 0:512 Z 0:16 WHERE ID IN (7, 9);
