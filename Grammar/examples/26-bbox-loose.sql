-- Returns up to two rows, page-aligned.
BBOX OF ID 42, 43 IN seg RES 2 LOOSE;
