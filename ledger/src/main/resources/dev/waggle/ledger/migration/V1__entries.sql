-- Entries as the bytes that were first written, and the hash of each over the one before.
CREATE TABLE entry (
  sequence BIGINT PRIMARY KEY,
  bytes VARBINARY(65536) NOT NULL,
  hash BINARY(32) NOT NULL
);

-- One signed head for each commit; it covers every entry up to its sequence.
CREATE TABLE head (
  sequence BIGINT PRIMARY KEY,
  hash BINARY(32) NOT NULL,
  time_ms BIGINT NOT NULL,
  signature BINARY(64) NOT NULL
);

-- One receipt for each claim.
CREATE TABLE receipt (
  task CHAR(32) NOT NULL,
  claim CHAR(32) NOT NULL,
  sequence BIGINT NOT NULL,
  PRIMARY KEY (task, claim)
);

-- Receipts that their workers have not acknowledged yet.
CREATE TABLE settlement (
  sequence BIGINT PRIMARY KEY
);
