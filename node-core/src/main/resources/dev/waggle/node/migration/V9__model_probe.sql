-- Which models go on with the beginning of an answer as if they had written it.
CREATE TABLE model_probe (
    engine VARCHAR(256) NOT NULL,
    digest VARCHAR(256) NOT NULL,
    resumable BOOLEAN NOT NULL,
    PRIMARY KEY (engine, digest)
);
