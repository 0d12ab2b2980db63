-- Returns ord,x,y,z,t,value: two rows.
SELECT * FROM SAMPLE(seg AT ((1,2,3),(4,5,6)));
