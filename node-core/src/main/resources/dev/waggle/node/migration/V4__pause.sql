-- Until when the owner has paused the node.
CREATE TABLE pause (
  id INT PRIMARY KEY CHECK (id = 1),
  until_ms BIGINT NOT NULL
);
