-- expect: 42601 6
SHOW CHANELS IN lab;
