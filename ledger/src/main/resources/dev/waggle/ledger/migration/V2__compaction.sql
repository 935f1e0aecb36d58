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
