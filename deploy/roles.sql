-- The database and its roles, made once by an administrator: sudo -u postgres psql -f roles.sql
-- Then: sudo -u postgres homeward db migrate
--
-- homeward_owner     owns the tables, and cannot log in; whoever migrates or prunes takes it on
-- homeward           the daemon: may not change or delete what is written for good
-- homeward_operator  people at the command line: ask and command, and settle nothing
-- homeward_pages     pages and API: the same, and only the rows of the merchants whoever asks may see
-- homeward_reporting reads, and only the merchants that reporting_reader names for its members

CREATE ROLE homeward_owner NOLOGIN;
CREATE ROLE homeward LOGIN;
CREATE ROLE homeward_operator NOLOGIN;
CREATE ROLE homeward_pages NOLOGIN;
CREATE ROLE homeward_reporting NOLOGIN;
GRANT homeward_pages TO homeward;
CREATE DATABASE homeward OWNER homeward_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE homeward FROM PUBLIC;
GRANT CONNECT ON DATABASE homeward TO homeward, homeward_operator, homeward_reporting;
