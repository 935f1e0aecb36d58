-- Receipts in the order in which they came, so that they can be copied a part at a time.
ALTER TABLE receipt RENAME TO old_receipt;

CREATE TABLE receipt (
  sequence BIGINT PRIMARY KEY,
  task CHAR(32) NOT NULL,
  claim CHAR(32) NOT NULL,
  UNIQUE (task, claim)
);

INSERT INTO receipt (sequence, task, claim) SELECT sequence, task, claim FROM old_receipt ORDER BY sequence;

DROP TABLE old_receipt;

-- Written to see whether the disk takes it; and how large the file was when it was last written anew.
CREATE TABLE disk (
  probes BIGINT NOT NULL,
  compacted_bytes BIGINT NOT NULL
);

INSERT INTO disk (probes, compacted_bytes) VALUES (0, 0);

DROP TABLE probe;
