#!/bin/sh
# SeaweedFS as one process, S3 on port 9000 with the buckets of the house; repeating it changes nothing.
# Secret files: seaweedfs_identities (who may do what on which bucket), seaweedfs_signing_key, seaweedfs_sse_key.
# Each flag is there because the default is unsafe or differs from S3: telemetry is on, a PUT makes its bucket, a full
# bucket can be deleted, the filer gives and takes objects without credentials unless a signing key is set.
set -eu
derived() { printf '%s %s' "$1" "$(cat /run/secrets/seaweedfs_signing_key)" | sha256sum | cut -d ' ' -f 1; }
WEED_JWT_SIGNING_KEY=$(derived write)
WEED_JWT_SIGNING_READ_KEY=$(derived read)
WEED_JWT_FILER_SIGNING_KEY=$(derived filer-write)
WEED_JWT_FILER_SIGNING_READ_KEY=$(derived filer-read)
WEED_S3_SSE_KEK=$(cat /run/secrets/seaweedfs_sse_key)
export WEED_JWT_SIGNING_KEY WEED_JWT_SIGNING_READ_KEY WEED_JWT_FILER_SIGNING_KEY WEED_JWT_FILER_SIGNING_READ_KEY WEED_S3_SSE_KEK
exec weed -logtostderr=true mini -dir="${SEAWEEDFS_DIR:-/data}" -ip=127.0.0.1 -ip.bind="${SEAWEEDFS_BIND:-0.0.0.0}" \
    -s3.port=9000 -s3.config=/run/secrets/seaweedfs_identities -bucket=documenti,report \
    -s3.autoCreateBucket=false -s3.allowDeleteBucketNotEmpty=false -s3.iam=false \
    -s3.port.iceberg=0 -s3.port.lance=0 -webdav=false -admin.ui=false -master.telemetry=false
