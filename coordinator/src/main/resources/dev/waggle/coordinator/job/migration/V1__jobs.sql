-- Proves claims; one row.
CREATE TABLE secret (bytes VARBINARY(32) NOT NULL);

CREATE TABLE job (
  id BIGINT PRIMARY KEY,
  name VARCHAR(16) NOT NULL UNIQUE,
  kind TINYINT NOT NULL,
  title VARCHAR(200) NOT NULL,
  member VARCHAR(128) NOT NULL,
  -- What makes submitting it twice the same as once; empty for what is always new.
  client_key VARCHAR(200) NOT NULL,
  content BINARY(32) NOT NULL,
  priority TINYINT NOT NULL,
  -- Times are milliseconds since 1970; 0 is never.
  created BIGINT NOT NULL,
  deadline BIGINT NOT NULL,
  ended BIGINT NOT NULL,
  state TINYINT NOT NULL,
  total INT NOT NULL,
  done INT NOT NULL,
  failed INT NOT NULL,
  canceled INT NOT NULL,
  last_event BIGINT NOT NULL,
  -- Who has it, or is to have it, by its peer id; empty for this node.
  coordinator VARCHAR(128) NOT NULL,
  -- Tells apart how often it was handed over; empty for never.
  transfer VARCHAR(32) NOT NULL
);

CREATE INDEX job_key ON job (client_key, member);
CREATE INDEX job_member ON job (member);

-- Where jobs of this node's users are that were never here.
CREATE TABLE elsewhere (
  name VARCHAR(16) PRIMARY KEY,
  coordinator VARCHAR(128) NOT NULL,
  noted BIGINT NOT NULL
);

-- Transfers that this node said it has not got; it does not take them any more.
CREATE TABLE withdrawn (
  transfer VARCHAR(32) PRIMARY KEY,
  member VARCHAR(128) NOT NULL,
  noted BIGINT NOT NULL
);

CREATE TABLE task (
  id BIGINT PRIMARY KEY,
  job BIGINT NOT NULL,
  number INT NOT NULL,
  name VARCHAR(100) NOT NULL,
  state TINYINT NOT NULL,
  -- How many tasks before it are not done.
  blocked INT NOT NULL,
  attempts INT NOT NULL,
  attempts_max INT NOT NULL,
  -- Counts its claims, and never goes back: a proof is good for one of them.
  fence INT NOT NULL,
  not_before BIGINT NOT NULL,
  lease_until BIGINT NOT NULL,
  holder VARCHAR(200) NOT NULL,
  -- Who began with this attempt, and when; it may keep the result while this node is away.
  worker VARCHAR(128) NOT NULL,
  begun BIGINT NOT NULL,
  replicas TINYINT NOT NULL,
  -- What a worker has to be able to do.
  need VARCHAR(100) NOT NULL,
  work BLOB NOT NULL,
  result CLOB,
  error VARCHAR(4000)
);

CREATE UNIQUE INDEX task_number ON task (job, number);
CREATE INDEX task_state ON task (state);

CREATE TABLE dependency (
  task BIGINT NOT NULL,
  needed BIGINT NOT NULL,
  PRIMARY KEY (needed, task)
);

CREATE INDEX dependency_task ON dependency (task);

CREATE TABLE event (
  job BIGINT NOT NULL,
  number BIGINT NOT NULL,
  time BIGINT NOT NULL,
  kind TINYINT NOT NULL,
  -- The task's number; -1 for the job itself.
  task INT NOT NULL,
  detail CLOB NOT NULL,
  PRIMARY KEY (job, number)
);

-- What a long task has found out, so that it goes on from there after a crash.
CREATE TABLE step (
  task BIGINT NOT NULL,
  name VARCHAR(100) NOT NULL,
  result CLOB NOT NULL,
  PRIMARY KEY (task, name)
);

-- How often a worker's results agreed with those of others.
CREATE TABLE trust (
  worker VARCHAR(128) PRIMARY KEY,
  agreed INT NOT NULL
);
