-- Returns tag COPY n.
COPY em RES 0 X 0:512 Y 0:512 Z 0:16 TO em_copy AT (0,0,0);
