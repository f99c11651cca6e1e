#!/bin/bash
# Once per start of the stack: the replica set exists, and the two users of cartella. Repeating it changes nothing.
# Secret files: mongo_admin_password, cartella_app_password, cartella_migrator_password.
set -euo pipefail
export ADMIN APP MIGRATOR
ADMIN=$(cat /run/secrets/mongo_admin_password)
APP=$(cat /run/secrets/cartella_app_password)
MIGRATOR=$(cat /run/secrets/cartella_migrator_password)

mongosh --quiet --host "${MONGO_HOST:-mongodb}" --eval '
  db.getSiblingDB("admin").auth("siso_admin", process.env.ADMIN);
  try { rs.status(); } catch (e) {
    if (e.codeName !== "NotYetInitialized") throw e;
    rs.initiate({_id: "rs0", members: [{_id: 0, host: (process.env.MONGO_MEMBER || "mongodb") + ":27017"}]});
  }
  while (!db.hello().isWritablePrimary) sleep(200);
  const cartella = db.getSiblingDB("cartella");
  const wanted = {
    cartella_app: [process.env.APP, ["readWrite"]],
    cartella_migrator: [process.env.MIGRATOR, ["readWrite", "dbAdmin"]],
  };
  for (const [user, [pwd, roles]] of Object.entries(wanted)) {
    if (cartella.getUser(user)) cartella.updateUser(user, {pwd, roles});
    else cartella.createUser({user, pwd, roles});
  }
'
