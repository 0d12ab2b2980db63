-- expect: 42601 23
SELECT CUTOUT FROM em { X 0:5 };
