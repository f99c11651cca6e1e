"""Loads of registry files: what came in, what was refused, what waits for a person."""

from anagrafe.models import Caricamento
from anagrafe.repository.letture import CARICAMENTI, CaricamentoRepository, any_confirmed, ente_names
from anagrafe.use_cases import forme
from chassis.sql import SqlDatabase
from contracts.anagrafe import (
    CaricamentiOut,
    CaricamentoOut,
    ConfirmCaricamento,
    ListCaricamenti,
    ListRigheRifiutate,
    RigaRifiutata,
    RigheRifiutateOut,
    StatoCaricamento,
)
from contracts.errors import Conflict, NotFound
from contracts.mandato import Mandato

CONFERMA = "caricamenti:approva"
RIGHE_MOSTRATE = 5000


def list_caricamenti(request: ListCaricamenti, mandato: Mandato, db: SqlDatabase) -> CaricamentiOut:
    mandato.require(CARICAMENTI)
    with db.read() as session:
        rows, total = CaricamentoRepository(session, mandato).page(request.limite, request.salta)
        enti = ente_names(session)
        return CaricamentiOut(caricamenti=tuple(forme.caricamento(r, enti) for r in rows), totale=total)


def list_righe_rifiutate(request: ListRigheRifiutate, mandato: Mandato, db: SqlDatabase) -> RigheRifiutateOut:
    """Refused rows and warnings of one file, in order of line (the first 5,000)."""
    mandato.require(CARICAMENTI)
    with db.read() as session:
        repository = CaricamentoRepository(session, mandato)
        _found(repository.get(request.caricamento_id))
        rows = repository.refused_rows(request.caricamento_id, RIGHE_MOSTRATE)
        return RigheRifiutateOut(
            righe=tuple(
                RigaRifiutata(
                    riga=r.riga, colonna=r.colonna, valore=r.valore, motivo=r.motivo, avviso=r.avviso
                )
                for r in rows
            )
        )


def confirm_caricamento(request: ConfirmCaricamento, mandato: Mandato, db: SqlDatabase) -> CaricamentoOut:
    """Lets a waiting file through; it is loaded within seconds. Repeating it changes nothing."""
    mandato.require(CONFERMA)
    with db.transaction() as tx:
        repository = CaricamentoRepository(tx.session, mandato, CONFERMA)
        row = _found(repository.get(request.caricamento_id, for_update=True))
        if row.confermato_da is None:
            if row.stato != StatoCaricamento.IN_ATTESA:
                raise Conflict("caricamento.non_in_attesa", "Il caricamento non attende una conferma.")
            row.confermato_da = mandato.operatore_id
        return forme.caricamento(row, ente_names(tx.session))


def _found(row: Caricamento | None) -> Caricamento:
    if row is None:
        raise NotFound("caricamento.non_trovato", "Il caricamento non esiste.")
    return row


def has_confirmed(db: SqlDatabase) -> bool:
    """Whether a file was let through and is not loaded yet."""
    with db.read() as session:
        return any_confirmed(session)
