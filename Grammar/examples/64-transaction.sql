-- Returns four tags; all or nothing.
BEGIN; INSERT CUTOUT INTO seg X 0:8 Y 0:8 Z 0:8 VALUES $1; SET METADATA ON seg 'state' = 'edited'; COMMIT;
