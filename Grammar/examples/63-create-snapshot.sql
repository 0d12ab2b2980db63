-- Returns name, commit.
CREATE SNAPSHOT release1 OF lab/mouse1 MESSAGE 'after first proofreading';
