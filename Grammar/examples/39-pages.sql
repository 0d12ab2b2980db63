-- Returns crowded pages.
SELECT x0, y0, z0, bytes FROM PAGES(seg) WHERE ids > 1000;
