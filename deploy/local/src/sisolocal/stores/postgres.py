"""A private PostgreSQL cluster of Debian's binaries. As root it runs under the unprivileged account `postgres`."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import psycopg

from sisolocal.errors import MissingProgram, StartFailed
from sisolocal.layout import SQL_OWNERS, write_private
from sisolocal.postgres_roles import create_database, create_notaio, create_roles, prepare_database
from sisolocal.process import Spec, working_in
from sisolocal.stores.base import Store

ACCOUNT = "postgres"
SETTINGS = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 250
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
checkpoint_timeout = 15min
wal_compression = on
wal_level = replica
random_page_cost = 1.1
effective_cache_size = 1GB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = 'scram-sha-256'
log_line_prefix = '%m [%p] %q%u@%d '
log_min_duration_statement = 2000
"""
FAST_SETTINGS = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


class Postgres(Store):
    """Databases and role pairs of the services live in it."""

    name = "postgres"
    port_names = ("postgres",)

    @cached_property
    def binaries(self) -> Path:
        """The folder of the newest server installed."""
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        if found:
            return found[-1].parent
        on_path = shutil.which("initdb")
        if on_path:
            return Path(on_path).resolve().parent
        raise MissingProgram("PostgreSQL non è installato: apt-get install postgresql postgresql-contrib")

    @property
    def folder(self) -> Path:
        return self.layout.data("postgres")

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @cached_property
    def prefix(self) -> list[str]:
        """What comes before a command so that it does not run as root; nothing when we are not root.

        Where the account may not even enter the folders above (a home of mode 0700), the process keeps the one
        capability that lets it through; the data stays under `.siso/`.
        """
        if os.geteuid() != 0:
            return []
        drop = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--init-groups"]
        through = [*drop, "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--"]
        for prefix in ([*drop, "--"], through):
            # not `test -x`: access(2) ignores capabilities
            probe = [*prefix, "stat", f"{self.folder}/."]
            if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
                return prefix
        raise MissingProgram(
            f"L'utente «{ACCOUNT}» non può entrare in {self.folder}. Spostate il progetto in una cartella che può "
            "attraversare (per esempio sotto /srv), oppure avviate ./siso come utente normale."
        )

    def start(self) -> None:
        if self.pid is None:
            self._clear_the_way()
        super().start()

    def _clear_the_way(self) -> None:
        """After a kill -9: end orphaned backends, then drop a lock file whose number may be a stranger's by now."""
        deadline = time.monotonic() + 10
        while (orphans := working_in(self.cluster)) and time.monotonic() < deadline:
            for pid in orphans:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def prepare(self) -> None:
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise()
        extra = "" if self.durable else FAST_SETTINGS
        conf = self.cluster / "siso.conf"
        conf.write_text(f"{SETTINGS}port = {self.ports['postgres']}\n{extra}")
        if os.geteuid() == 0:
            account = pwd.getpwnam(ACCOUNT)
            os.chown(conf, account.pw_uid, account.pw_gid)

    def _initialise(self) -> None:
        """Make the cluster in a folder beside, then move it: an interrupted initdb leaves nothing half made."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / "cluster.new"
        shutil.rmtree(partial, ignore_errors=True)
        password = self.folder / "password"
        write_private(password, self.credentials["postgres_admin"])
        if os.geteuid() == 0:
            account = pwd.getpwnam(ACCOUNT)
            for path in (self.folder, password):
                os.chown(path, account.pw_uid, account.pw_gid)
        argv = [
            *self.prefix, str(self.binaries / "initdb"), "-D", str(partial), "-U", "postgres", "-E", "UTF8",
            "--locale=C.UTF-8", "--data-checksums", "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync",
        ]  # fmt: skip
        log = self.layout.log(self.name)
        with log.open("ab") as stream:
            done = subprocess.run(argv, stdout=stream, stderr=stream, cwd="/", check=False)
        password.unlink()
        if done.returncode != 0:
            raise StartFailed(self.name, "non riesce a creare la sua base dati", log)
        with (partial / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude 'siso.conf'\n")
        partial.rename(self.cluster)

    def spec(self) -> Spec:
        argv = [*self.prefix, str(self.binaries / "postgres"), "-D", str(self.cluster)]
        # SIGINT: roll back what is open and close in order, without waiting for the clients
        return Spec(self.name, argv, {"LC_ALL": "C.UTF-8"}, Path("/"), signal.SIGINT, 20)

    def url(self, user: str, password: str, database: str) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.ports['postgres']}/{database}"

    @property
    def admin_url(self) -> str:
        return self.url("postgres", self.credentials["postgres_admin"], "postgres")

    def role_url(self, service: str, role: str, database: str | None = None) -> str:
        """The URL of `<service>_app`, `<service>_migrator` or `gateway_notaio`."""
        user = f"{service}_{role}"
        return self.url(user, self.credentials[f"pg_{user}"], database or service)

    def probe(self) -> None:
        with psycopg.connect(self.admin_url, connect_timeout=3) as connection:
            connection.execute("SELECT count(*) FROM pg_database")

    def provision(self) -> None:
        """The roles of each service and its database; then every app role proves that it may log in."""
        passwords = {}
        for service in SQL_OWNERS:
            names = (f"{service}_migrator", f"{service}_app")
            self.credentials.ensure(*(f"pg_{name}" for name in names))
            passwords[service] = (self.credentials[f"pg_{names[0]}"], self.credentials[f"pg_{names[1]}"])
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            present = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
            roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            if set(SQL_OWNERS) <= present and "gateway_notaio" in roles:
                return
            for service, (migrator, app) in passwords.items():
                create_roles(connection, service, migrator, app)
            create_notaio(connection, self.credentials["pg_gateway_notaio"])
        for service in SQL_OWNERS:
            make = prepare_database if service in present else create_database
            make(self.admin_url, service, service)
        for service in SQL_OWNERS:
            with psycopg.connect(self.role_url(service, "app"), connect_timeout=3) as connection:
                connection.execute("SELECT 1")
