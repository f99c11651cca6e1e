"""A private RabbitMQ node of Debian's package: own name, ports, cookie and data folder, loopback only.

The node has its own port mapper (`epmd`), a process of this stack like the others. Users and permissions come from a
definitions file loaded at boot: no `rabbitmqctl`, which costs a second and a half a call.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from functools import cached_property
from pathlib import Path

import amqp

from sisolocal.broker_users import ADMIN, PEOPLE, definitions, grants, topic_grants
from sisolocal.errors import MissingProgram
from sisolocal.layout import write_private
from sisolocal.ports import is_free
from sisolocal.process import Child, Spec
from sisolocal.stores.base import NotReady, Store

VHOST = "siso"
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
# The one line that says a quorum queue was lost by a kill within a second of its declaration.
BROKEN_QUEUE = re.compile(rb"quorum queue '([^']+)' .{0,80}could not be restarted")


class RabbitMQ(Store):
    """The broker. `broken_queues` names those that did not survive the last kill (see `heal`)."""

    name = "rabbitmq"
    port_names = ("amqp", "amqp_distribution", "epmd")

    @property
    def folder(self) -> Path:
        return self.layout.data("rabbitmq")

    @cached_property
    def node(self) -> str:
        return f"siso_{hashlib.sha256(str(self.layout.base).encode()).hexdigest()[:10]}@localhost"

    @cached_property
    def environment(self) -> dict[str, str]:
        """Environment of the node and of its tools: nothing of /etc/rabbitmq is read."""
        home = self.folder / "home"
        loopback = "{127,0,0,1}"
        return {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "none.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_DIST_PORT": str(self.ports["amqp_distribution"]),
            "RABBITMQ_SCHEDULER_BIND_TYPE": "u",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-kernel inet_dist_use_interface {loopback} -start_epmd false",
            "ERL_EPMD_PORT": str(self.ports["epmd"]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP": str(self.folder / "log" / "erl_crash.dump"),
            # rabbitmq-server then becomes the node itself, so that the pid we keep is the node's
            "detached": "1",
        }

    def prepare(self) -> None:
        if not SERVER.exists():
            raise MissingProgram("RabbitMQ non è installato: apt-get install rabbitmq-server")
        home = self.folder / "home"
        for folder in (home, self.folder / "mnesia", self.folder / "log"):
            folder.mkdir(parents=True, exist_ok=True)
        cookie = home / ".erlang.cookie"
        if not cookie.exists():
            write_private(cookie, self.credentials["erlang_cookie"])
            cookie.chmod(0o400)
        self.credentials.ensure(*(f"amqp_{user}" for user in PEOPLE))
        users = {user: self.credentials[f"amqp_{user}"] for user in PEOPLE}
        definitions_file = self.folder / "definitions.json"
        write_private(definitions_file, json.dumps(definitions(users, [VHOST])))
        (self.folder / "enabled_plugins").write_text("[].\n")
        (self.folder / "rabbitmq.conf").write_text(self._configuration(definitions_file))

    def _configuration(self, definitions_file: Path) -> str:
        return (
            f"listeners.tcp.1 = 127.0.0.1:{self.ports['amqp']}\n"
            f"load_definitions = {definitions_file}\n"
            f"default_vhost = {VHOST}\n"
            "vm_memory_high_watermark.absolute = 1GB\n"
            "disk_free_limit.absolute = 200MB\n"
            "raft.wal_max_size_bytes = 64000000\n"
            "num_acceptors.tcp = 4\n"
            "log.console = true\n"
            "log.console.level = info\n"
            "log.file = false\n"
        )

    def spec(self) -> Spec:
        return Spec(self.name, [str(SERVER)], self.environment, self.folder, stop_timeout=25)

    @cached_property
    def epmd(self) -> Child:
        program = shutil.which("epmd") or "epmd"
        argv = [program, "-port", str(self.ports["epmd"]), "-address", "127.0.0.1"]
        return Child(self.layout, Spec("epmd", argv, {"HOME": str(self.folder / "home")}, self.folder))

    def start(self) -> None:
        self.prepare()
        if self.child.pid is None:
            self._start_node()
        self.wait_ready()

    def _start_node(self) -> None:
        if self.epmd.pid is None:
            self.epmd.start()
            deadline = time.monotonic() + 5
            while is_free(self.ports["epmd"]) and time.monotonic() < deadline:
                time.sleep(0.02)
        self._log_start = self.child.log.stat().st_size if self.child.log.exists() else 0
        self.child.start()

    def restart(self) -> None:
        """Bring a dead node back."""
        self._start_node()

    def url(self, user: str, vhost: str = VHOST) -> str:
        return f"amqp://{user}:{self.credentials[f'amqp_{user}']}@127.0.0.1:{self.ports['amqp']}/{vhost}"

    @property
    def admin_url(self) -> str:
        return self.url(ADMIN)

    def probe(self) -> None:
        """Publish a message with a confirm and get it back."""
        connection = amqp.Connection(
            host=f"127.0.0.1:{self.ports['amqp']}", userid=ADMIN, password=self.credentials[f"amqp_{ADMIN}"],
            virtual_host=VHOST, connect_timeout=3, read_timeout=5, write_timeout=5, confirm_publish=True,
        )  # fmt: skip
        connection.connect()
        try:
            channel = connection.channel()
            queue = channel.queue_declare("", exclusive=True, auto_delete=True).queue
            channel.basic_publish(amqp.Message("pronto"), exchange="", routing_key=queue)
            message = channel.basic_get(queue, no_ack=True)
            if message is None or message.body != "pronto":
                raise NotReady("the broker lost its test message")
        finally:
            connection.close()

    def broken_queues(self) -> list[str]:
        """Quorum queues the last boot could not bring back (a kill within a second of their declaration)."""
        with self.child.log.open("rb") as log:
            log.seek(getattr(self, "_log_start", 0))
            return sorted({match.decode() for match in BROKEN_QUEUE.findall(log.read())})

    def heal(self) -> list[str]:
        """Restart in good order a node that came up with broken queues; the caller declares them again and replays."""
        broken = self.broken_queues()
        if broken:
            self.child.stop()
            self._start_node()
            self.wait_ready()
        return broken

    def control(self, *arguments: str) -> str:
        """Run rabbitmqctl on this node; its output. Raises CalledProcessError."""
        env = self.environment | {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "RABBITMQ_LOGS": ""}
        argv = [str(SERVER.with_name("rabbitmqctl")), "--quiet", *arguments]
        return subprocess.run(argv, env=env, capture_output=True, text=True, check=True, timeout=60).stdout

    def create_vhost(self, vhost: str) -> None:
        """A fresh virtual host on which everybody has his usual permissions."""
        file = self.folder / f"{vhost}.json"
        rights = {"permissions": grants(vhost), "topic_permissions": topic_grants(vhost)}
        write_private(file, json.dumps({"vhosts": [{"name": vhost}], **rights}))
        try:
            self.control("import_definitions", str(file))
        finally:
            file.unlink()

    def drop_vhost(self, vhost: str) -> None:
        self.control("delete_vhost", vhost)

    def stop(self) -> None:
        super().stop()
        if self.epmd.pid is not None:
            self.epmd.stop()
