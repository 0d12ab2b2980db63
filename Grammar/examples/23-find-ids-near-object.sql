-- Returns ids near 42.
FIND IDS IN seg OF ID 42 PAD 2 WHERE id <> 42;
