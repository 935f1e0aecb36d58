-- A generator of ids keeps its place apart from the rows: after a crash the two may disagree.
ALTER TABLE departure ALTER COLUMN id DROP IDENTITY;
ALTER TABLE fault ALTER COLUMN id DROP IDENTITY;
