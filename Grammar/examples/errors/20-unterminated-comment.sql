-- expect: 42601 23
SELECT CUTOUT FROM em /* no end;
