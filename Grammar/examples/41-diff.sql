-- Returns id_old,id_new,voxels.
SELECT * FROM DIFF(seg FROM release1 TO main Z 0:64 BY ID);
