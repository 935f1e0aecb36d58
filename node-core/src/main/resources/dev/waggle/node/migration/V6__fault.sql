-- What members did that no honest node does, and what proves it.
CREATE TABLE fault (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  peer VARCHAR(64) NOT NULL,
  kind VARCHAR(32) NOT NULL,
  observed_ms BIGINT NOT NULL,
  evidence VARBINARY(8192)
);
