-- 2 to 3. Additive: a daemon of version 2 that still runs goes on.

INSERT INTO schema_version (version) VALUES (3);
