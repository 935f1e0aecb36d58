-- A head covers all entries before it: one of each 1,024 entries is kept, to find where a fault is, and the last.
DELETE FROM head WHERE sequence NOT IN (SELECT MAX(sequence) FROM head GROUP BY sequence / 1024);
