-- Returns tag GRANT 2.
GRANT READ, READ DATA ON lab/mouse1/em TO PUBLIC;
