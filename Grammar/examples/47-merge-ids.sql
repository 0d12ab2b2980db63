-- Returns tag MERGE 2, mapping only.
MERGE IDS 17, 23 INTO 9 IN seg;
