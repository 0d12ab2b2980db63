-- expect: 42601 18
GRANT READ ON lab;
