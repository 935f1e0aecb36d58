-- A token is kept as its SHA-256 only.
CREATE TABLE access_token (
  id VARCHAR(16) PRIMARY KEY,
  name VARCHAR(64) NOT NULL,
  hash VARBINARY(32) NOT NULL UNIQUE,
  scopes VARCHAR(100) NOT NULL,
  created_ms BIGINT NOT NULL
);
