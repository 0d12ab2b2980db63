-- Returns image/png, one colour per id.
SELECT IMAGE FROM seg Z 100 X 0:512 Y 0:512 FORMAT PNG;
