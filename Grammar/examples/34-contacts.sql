-- Returns neighbours of 42 and contact area.
SELECT id_a, id_b, area_nm2 FROM CONTACTS(seg OF ID 42) ORDER BY area_nm2 DESC;
