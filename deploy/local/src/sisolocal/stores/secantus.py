"""SecantusDB, the MongoDB of the demo and of the tests, as a separate process with authentication.

Beta software that speaks MongoDB's wire protocol; production runs MongoDB. Users can be created only while
authentication is off, so the very first start goes once without it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from sisolocal.process import Child, Spec
from sisolocal.stores.base import NotReady, Store

USER = "siso"


class Secantus(Store):
    """The document store. Every client writes with w=1, j=true: that is what makes a commit survive."""

    name = "mongo"
    port_names = ("mongo",)

    @property
    def folder(self) -> Path:
        return self.layout.data("mongo")

    @property
    def _users_made(self) -> Path:
        return self.folder / "users-made"

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "empty.toml").touch()

    def _argv(self, *extra: str) -> list[str]:
        config = self.folder / "empty.toml"
        program = Path(sys.executable).with_name("secantusd-py")
        return [
            str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(self.ports["mongo"]),
            "--storage-path", str(self.folder / "db"), "--cache-size", "256M", "--log-level", "WARNING", *extra,
        ]  # fmt: skip

    def spec(self) -> Spec:
        return Spec(self.name, self._argv("--auth"), {}, self.folder, stop_timeout=15)

    def start(self) -> None:
        self.prepare()
        if not self._users_made.exists():
            self._make_user()
        super().start()

    def _make_user(self) -> None:
        """First start only: without authentication, create the user, stop again."""
        first = Child(self.layout, Spec(self.name, self._argv(), {}, self.folder, stop_timeout=15))
        first.start()
        self._child = first
        try:
            self.wait_ready(self._open_probe)
            with self._open() as client:
                roles = [{"role": "root", "db": "admin"}]
                try:
                    client.admin.command("createUser", USER, pwd=self.credentials["mongo"], roles=roles)
                except PyMongoError as error:
                    if "already exists" not in str(error):
                        raise
        finally:
            first.stop()
            self._child = None
        self._users_made.touch()

    def _open_probe(self) -> None:
        with self._open() as client:
            client.admin.command("ping")

    def _open(self) -> pymongo.MongoClient[dict[str, Any]]:
        return pymongo.MongoClient(
            "127.0.0.1", self.ports["mongo"], directConnection=True, serverSelectionTimeoutMS=500
        )

    def url(self, database: str = "cartella") -> str:
        return (
            f"mongodb://{USER}:{self.credentials['mongo']}@127.0.0.1:{self.ports['mongo']}/{database}"
            "?authSource=admin&directConnection=true&w=1&journal=true"
        )

    def probe(self) -> None:
        """A journalled write inside a transaction, read back."""
        client: pymongo.MongoClient[dict[str, Any]]
        with pymongo.MongoClient(self.url("siso_probe"), serverSelectionTimeoutMS=1000) as client:
            collection: pymongo.collection.Collection[dict[str, Any]] = client["siso_probe"]["ready"]
            collection.update_one({"_id": "n"}, {"$inc": {"n": 1}}, upsert=True)
            if collection.find_one({"_id": "n"}) is None:
                raise NotReady("a journalled write cannot be read back")
