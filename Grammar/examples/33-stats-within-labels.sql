-- Returns mean intensity per label.
SELECT id, mean FROM STATS(em WITHIN seg X 0:512 Y 0:512 Z 0:64) ORDER BY mean;
