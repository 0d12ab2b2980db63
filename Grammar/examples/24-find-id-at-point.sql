-- Returns id UINT64, one row.
FIND ID AT (900, 900, 40) IN seg;
