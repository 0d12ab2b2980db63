-- Returns job_id.
IMPORT INTO em FROM 'slices/*.tif' FORMAT TIFF ASYNC;
