-- expect: 42601 6
RESET;
