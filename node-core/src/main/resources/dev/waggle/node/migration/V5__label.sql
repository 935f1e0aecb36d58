-- The labels that an invite gives, with commas between them.
ALTER TABLE invite ADD COLUMN labels VARCHAR(500) DEFAULT '' NOT NULL;
