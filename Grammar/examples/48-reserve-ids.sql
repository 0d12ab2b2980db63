-- Returns start_id, count.
RESERVE 1000 IDS IN seg;
