-- Returns kind, page, problem; no rows if sound.
CHECK seg;
