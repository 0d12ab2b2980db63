-- Returns UINT8, image inside object 42.
SELECT CUTOUT e.VALUE FROM em AS e, seg AS s OF ID 42 WHERE s.ID = 42;
