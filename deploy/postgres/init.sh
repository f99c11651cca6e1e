#!/bin/sh
# First start of the PostgreSQL container: one database and one role pair per service, and the gateway's notaio.
# Mounted in /docker-entrypoint-initdb.d beside /siso-postgres/{roles,notaio,database}.sql; passwords come from the secret
# files /run/secrets/<service>_migrator_password, <service>_app_password and gateway_notaio_password.
set -eu

notaio=$(cat /run/secrets/gateway_notaio_password)
sed -e "s/\${notaio_password}/$notaio/g" /siso-postgres/notaio.sql |
    psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres

for service in anagrafe documenti erogazioni notifiche report gateway; do
    migrator=$(cat "/run/secrets/${service}_migrator_password")
    app=$(cat "/run/secrets/${service}_app_password")
    fill() {
        sed -e "s/\${service}/$service/g" -e "s/\${database}/$service/g" \
            -e "s/\${migrator_password}/$migrator/g" -e "s/\${app_password}/$app/g" "/siso-postgres/$1"
    }
    fill roles.sql | psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres
    psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
        -c "CREATE DATABASE $service OWNER ${service}_migrator"
    fill database.sql | psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$service"
done
