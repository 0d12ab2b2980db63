-- expect: 42601 1
FROBNICATE em;
