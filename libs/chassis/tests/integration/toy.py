"""A service as small as can be, run as a real process by the tests: it takes the name and the queues of `report`.

A note is kept by RPC (which emits an event) and by event; what its text says makes it fail.
"""

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402
import time  # noqa: E402
from uuid import UUID, uuid4  # noqa: E402

from sqlalchemy import text  # noqa: E402

from chassis.entrypoints import RetryLater, every, on_event, resource, rpc  # noqa: E402
from chassis.runner import run_class  # noqa: E402
from chassis.settings import ServiceSettings, service_config  # noqa: E402
from chassis.sql import SqlDatabase, Transaction  # noqa: E402
from contracts.base import Message  # noqa: E402
from contracts.cartella import CartellaApertaV1  # noqa: E402
from contracts.errors import Invalid, NotFound  # noqa: E402
from contracts.mandato import Mandato  # noqa: E402
from contracts.report import ReportGeneratoV1  # noqa: E402


class Settings(ServiceSettings):
    model_config = service_config("report")


class Keep(Message):
    testo: str
    conta: int = 1


class Kept(Message):
    id: UUID
    righe: int


class ToyService:
    name = "report"
    db = resource(SqlDatabase)

    @rpc
    def keep(self, request: Keep, mandato: Mandato) -> Kept:
        if request.testo == "assente":
            raise NotFound("nota.non_trovata", "Questa nota non esiste.", details={"x": 1})
        if request.testo == "guasto":
            raise RuntimeError("boom")
        if request.testo == "lento":
            time.sleep(2)
        with self.db.transaction() as tx:
            note = uuid4()
            insert(tx, note, request.testo)
            tx.emit(ReportGeneratoV1(report_id=note, ente=mandato.ente, righe=1), sequence=1)
            if request.testo == "annulla":
                raise Invalid("nota.annullata", "Annullata.")
            return Kept(id=note, righe=tx.session.execute(text("SELECT count(*) FROM note")).scalar_one())

    @on_event(CartellaApertaV1)
    def on_cartella_aperta_v1(self, event: CartellaApertaV1, tx: Transaction) -> None:
        tries = tx.session.execute(
            text("SELECT count(*) FROM tentativi WHERE id = :id"), {"id": event.cartella_id}
        )
        tried = tries.scalar_one()
        with self.db.transaction() as other:  # what was tried is kept although the effect is rolled back
            other.session.execute(text("INSERT INTO tentativi (id) VALUES (:id)"), {"id": event.cartella_id})
        insert(tx, event.cartella_id, event.numero)
        if event.numero == "sempre":
            raise RuntimeError("always")
        if event.numero == "una" and tried == 0:
            raise RetryLater("once")

    @every(seconds=0.2)
    def tick(self) -> None:
        with self.db.transaction() as tx:
            tx.session.execute(text("UPDATE battiti SET n = n + 1"))


def insert(tx: Transaction, note: UUID, testo: str) -> None:
    tx.session.execute(
        text("INSERT INTO note (id, testo) VALUES (:id, :testo)"), {"id": note, "testo": testo}
    )


if __name__ == "__main__":
    run_class(ToyService, sys.argv[1], Settings())
