-- Returns model/obj text.
SELECT MESH FROM seg RES 2 OF ID 42 FORMAT OBJ;
