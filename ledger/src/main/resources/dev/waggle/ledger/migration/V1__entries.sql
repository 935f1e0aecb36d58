-- Entries as the bytes that were first written, the payloads that they name by their hashes, and the hash of each entry
-- over the one before.
CREATE TABLE entry (
  sequence BIGINT PRIMARY KEY,
  bytes VARBINARY(1024) NOT NULL,
  -- Empty once it was forgotten.
  payload VARBINARY(65536),
  hash BINARY(32) NOT NULL
);

-- The Merkle tree over the entries' bytes: 256 neighbouring hashes of a level, every eighth of which is kept, and the
-- root over them. Only whole tiles are here; the rest is made from what is below.
CREATE TABLE tile (
  level INT NOT NULL,
  place BIGINT NOT NULL,
  hashes VARBINARY(8192) NOT NULL,
  root BINARY(32) NOT NULL,
  PRIMARY KEY (level, place)
);

-- One signed checkpoint for each commit; it covers every entry up to its sequence.
CREATE TABLE head (
  sequence BIGINT PRIMARY KEY,
  root BINARY(32) NOT NULL,
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

-- Results whose receipts their requesters have not sent yet.
CREATE TABLE owed (
  task CHAR(32) NOT NULL,
  claim CHAR(32) NOT NULL,
  requester VARBINARY(64) NOT NULL,
  sequence BIGINT NOT NULL,
  PRIMARY KEY (task, claim)
);

-- Written to see whether the disk takes it.
CREATE TABLE probe (
  written BIGINT NOT NULL
);

INSERT INTO probe (written) VALUES (0);
