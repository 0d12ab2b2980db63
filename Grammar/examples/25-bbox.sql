-- Returns id,x0,x1,y0,y1,z0,z1,t0,t1: one row.
BBOX OF ID 42 IN seg;
