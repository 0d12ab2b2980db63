-- Returns id UINT64, ascending.
FIND IDS IN seg X 0:512 Y 0:512 Z 0:16;
