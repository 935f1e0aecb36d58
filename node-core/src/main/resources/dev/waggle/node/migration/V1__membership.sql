CREATE TABLE own (
  id INT PRIMARY KEY CHECK (id = 1),
  chain VARBINARY(2048) NOT NULL
);

CREATE TABLE member (
  peer VARCHAR(64) PRIMARY KEY,
  chain VARBINARY(2048) NOT NULL,
  addresses VARCHAR(16384) NOT NULL
);

-- A secret is kept as its SHA-256 only.
CREATE TABLE invite (
  secret_hash VARBINARY(32) PRIMARY KEY,
  expiry_ms BIGINT NOT NULL,
  used_by VARCHAR(64)
);
