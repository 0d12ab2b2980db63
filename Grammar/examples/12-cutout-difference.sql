-- Returns INT64 (8,64,64).
SELECT CUTOUT CAST(e.VALUE AS INT16) - f.VALUE FROM em AS e, em_filtered AS f X 0:64 Y 0:64 Z 0:8;
