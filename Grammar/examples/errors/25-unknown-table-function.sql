-- expect: 42883 16
SELECT id FROM IDZ(seg);
