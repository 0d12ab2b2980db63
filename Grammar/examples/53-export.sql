-- Returns files, bytes, ms.
EXPORT seg RES 1 TO 'out/seg' FORMAT PRECOMPUTED;
