-- Returns UINT8 mask, box of 42 grown by 4.
SELECT CUTOUT ID = 42 FROM seg OF ID 42 PAD 4;
