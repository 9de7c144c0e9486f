-- 2 to 3. Additive: a daemon of version 2 that still runs goes on.

-- An event that cannot be decided on makes its return an exception, whether it was known before or not. What others write
-- beside a credit that is closed concerns it still. A write that a person gives up for lost is made anew under a fresh key.
INSERT INTO machine_rule (event, source, target) VALUES
    ('troubled', 'new', 'exception'),
    ('troubled', 'initiated', 'exception'),
    ('troubled', 'closed', 'exception'),
    ('reissued', 'exception', 'credit-pending'),
    ('reissued', 'exception', 'restocked'),
    ('reissued', 'exception', 'credited');
ALTER TABLE returns ADD COLUMN generation integer NOT NULL DEFAULT 0;
ALTER TABLE outbox DROP CONSTRAINT outbox_state_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_state_check CHECK (state IN (
    'ready', 'leased', 'done', 'parked', 'withheld', 'abandoned'));

INSERT INTO schema_version (version) VALUES (3);
