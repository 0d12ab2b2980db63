-- expect: 42601 17
FIND IDS IN seg ROWS 5
