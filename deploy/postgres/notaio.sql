-- The gateway's third role: the keeper of the access log, who alone seals it and lets its old months go. Run as
-- administrator before database.sql, which lets it in; its rights on tables are in the gateway's migrations.
-- Placeholder ${notaio_password}: letters and digits. Running it again changes nothing but the password.
DO $roles$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway_notaio') THEN
        CREATE ROLE gateway_notaio LOGIN;
    END IF;
END
$roles$;
ALTER ROLE gateway_notaio PASSWORD '${notaio_password}';
