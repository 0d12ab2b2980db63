-- Returns rows over everything readable.
SELECT path, value FROM sys.metadata WHERE key = 'microscope';
