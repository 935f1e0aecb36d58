-- The terms of an invite: the roles that it gives, and the only peer that it lets in.
ALTER TABLE invite ADD COLUMN roles VARCHAR(100) DEFAULT 'MEMBER' NOT NULL;
ALTER TABLE invite ADD COLUMN bound VARCHAR(64);

CREATE TABLE revocation (
  subject VARCHAR(64) NOT NULL,
  issuer VARCHAR(64) NOT NULL,
  bytes VARBINARY(32768) NOT NULL,
  PRIMARY KEY (subject, issuer)
);

-- The words with which this node left swarms.
CREATE TABLE departure (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bytes VARBINARY(32768) NOT NULL
);
