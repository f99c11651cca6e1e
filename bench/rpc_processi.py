"""Processes of the bench `rpc`: services whose methods do nothing, so that only the way to them is measured.

`chassis`: the way all services here are made. `bare URL`: stock nameko, nothing checked.
"""

if __name__ == "__main__":
    import eventlet

    eventlet.monkey_patch()

import sys
from typing import Any

from nameko.rpc import rpc as bare_rpc
from nameko.runners import ServiceRunner

from chassis.entrypoints import rpc
from chassis.runner import run_class
from chassis.settings import ServiceSettings, service_config
from contracts.anagrafe import Ente, EntiOut, ListEnti

REPLY = EntiOut(enti=tuple(Ente(codice=codice, nome="Comune") for codice in ("F704", "B212", "M017")))
PLAIN = REPLY.model_dump(mode="json")


class Settings(ServiceSettings):
    model_config = service_config("anagrafe")


class Checked:
    name = "anagrafe"

    @rpc
    def list_enti(self, request: ListEnti) -> EntiOut:
        return REPLY


class Bare:
    name = "bare"

    @bare_rpc
    def list_enti(self, request: Any) -> Any:
        return PLAIN


if __name__ == "__main__":
    if sys.argv[1] == "chassis":
        run_class(Checked, "rpc", Settings())
    else:
        runner = ServiceRunner({"AMQP_URI": sys.argv[2], "max_workers": 10})
        runner.add_service(Bare)
        runner.start()
        runner.wait()
