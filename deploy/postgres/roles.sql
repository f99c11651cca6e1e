-- The role pair of one service: the migrator owns the tables, the app may only read and change rows.
-- Placeholders ${service}, ${migrator_password}, ${app_password} are filled by deploy/postgres/init.sh (compose) and by
-- sisolocal.postgres_roles (local stack). Passwords are letters and digits.
DO $roles$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${service}_migrator') THEN
        CREATE ROLE ${service}_migrator LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${service}_app') THEN
        CREATE ROLE ${service}_app LOGIN;
    END IF;
END
$roles$;
ALTER ROLE ${service}_migrator PASSWORD '${migrator_password}';
ALTER ROLE ${service}_app PASSWORD '${app_password}';
