-- Run inside the database of the service, as administrator. Placeholders: ${database}, ${service}.
REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE ${database} TO ${service}_migrator;
GRANT CONNECT ON DATABASE ${database} TO ${service}_app;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO ${service}_migrator;
GRANT USAGE ON SCHEMA public TO ${service}_app;
DO $more$
BEGIN
    -- A temporary table could stand in for a real one. The loads of anagrafe compare a registry file with what is there
    -- in tables of their own, as ${service}_app.
    IF '${service}' = 'anagrafe' THEN
        GRANT TEMPORARY ON DATABASE ${database} TO ${service}_app;
    ELSE
        REVOKE TEMPORARY ON DATABASE ${database} FROM ${service}_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = '${service}_notaio') THEN
        GRANT CONNECT ON DATABASE ${database} TO ${service}_notaio;
        GRANT USAGE ON SCHEMA public TO ${service}_notaio;
    END IF;
END
$more$;
