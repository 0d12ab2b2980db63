-- Returns severity, object, problem, remedy; no rows if sound.
CHECK seg;
