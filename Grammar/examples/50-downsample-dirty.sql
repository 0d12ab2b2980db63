-- Returns res, pages_read, pages_written, ms.
DOWNSAMPLE em ONLY DIRTY;
