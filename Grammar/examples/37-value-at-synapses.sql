-- Returns synapses with the segment under each.
SELECT s._rowid, VALUE_AT(seg, s.x, s.y, s.z) AS body FROM syn AS s X 0:512 Y 0:512 Z 0:64;
