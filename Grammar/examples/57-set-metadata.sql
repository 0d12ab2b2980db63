-- Returns tag SET 2.
SET METADATA ON em 'microscope' = 'SEM-3', 'voltage_kV' = 1.8;
