-- The last checkpoint of each node's ledger that was cosigned: of others by this node, of this node by others.
CREATE TABLE checkpoint (
  log VARCHAR(64) PRIMARY KEY,
  note VARCHAR(8192) NOT NULL
);

-- Two checkpoints that contradict each other, for each node that signed such.
CREATE TABLE fork (
  log VARCHAR(64) PRIMARY KEY,
  evidence VARCHAR(16384) NOT NULL
);
