#!/bin/bash
# mongod insists that its key file is its own and nobody else's: a mounted secret is neither, so it is copied first.
set -euo pipefail
install -m 400 /run/secrets/mongo_keyfile /tmp/mongo_keyfile
if [ "$(id -u)" = 0 ]; then chown mongodb:mongodb /tmp/mongo_keyfile; fi
exec docker-entrypoint.sh mongod --replSet rs0 --keyFile /tmp/mongo_keyfile --bind_ip_all
