#!/bin/sh
# Buckets, and one user per service that reaches its own bucket only. Repeating it changes nothing.
# Secret files: minio_root_user, minio_root_password, <service>_s3_secret_key.
set -eu
export MC_CONFIG_DIR=/tmp/mc
mc alias set siso "${S3_URL:-http://minio:9000}" "$(cat /run/secrets/minio_root_user)" "$(cat /run/secrets/minio_root_password)"
for service in documenti report; do
    mc mb --ignore-existing "siso/$service"
    sed "s/BUCKET/$service/g" /siso-minio/policy.json > "/tmp/$service.json"
    mc admin policy create siso "$service" "/tmp/$service.json"
    mc admin user add siso "$service" "$(cat "/run/secrets/${service}_s3_secret_key")"
    mc admin policy attach siso "$service" --user "$service" || mc admin user info siso "$service" | grep -q "$service"
done
