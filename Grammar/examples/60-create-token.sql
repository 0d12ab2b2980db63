-- Returns name, token, expires_at; once.
CREATE TOKEN 'notebook' EXPIRES '2027-01-01' ONLY READ DATA ON lab;
