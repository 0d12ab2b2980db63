-- Labels, points and meshes.
RESERVE 1000 IDS IN c/e/seg;
MERGE IDS 17, 23 INTO 9 IN c/e/seg;
SPLIT ID 9 IN c/e/seg X 0:100 WHERE Z < 40 INTO $1;
CLEAVE SUPERVOXELS 101, 102 FROM ID 9 IN c/e/seg;
RELABEL c/e/seg USING $1;
BAKE MAPPING OF c/e/seg;
INSERT INTO c/e/syn (x,y,z,pre,post) VALUES (1,2,3,7,9), (1,2,4,-7,9);
UPDATE c/e/syn SET conf = 1 WHERE pre = 7;
DELETE FROM c/e/syn X 0:64 WHERE pre IS NULL;
PUT MESH INTO c/e/seg OF ID 42 FROM FILE 'm.ply';
