"""Every way of asking about a case, for tests of who finds it: each gives what it showed, or raises."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from services.cartella.tests.factories import make_add_isee, make_add_voce, make_proposal

from cartella.use_cases import accesso, condivisioni, diario, fascicolo, isee, presa_in_carico
from chassis.mongo import MongoDatabase
from contracts.cartella import (
    AssignCartella,
    CartellaOut,
    CloseCartella,
    ExportFascicolo,
    GetCartella,
    ListCartelle,
    ListIsee,
    ListVociDiario,
    ReopenCartella,
    SetRiservatezza,
    TakeInCarico,
)
from contracts.condivisioni import ExplainAccesso, ListCondivisioni
from contracts.errors import NotFound
from contracts.mandato import Mandato

Door = Callable[[CartellaOut, Mandato, MongoDatabase], Any]

SINGLE: dict[str, Door] = {
    "get": lambda caso, who, db: presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), who, db),
    "take": lambda caso, who, db: presa_in_carico.take_in_carico(
        TakeInCarico(cartella_id=caso.id, version=99), who, db
    ),
    "assign": lambda caso, who, db: presa_in_carico.assign_cartella(
        AssignCartella(cartella_id=caso.id, version=99, motivo="x"), who, db
    ),
    "close": lambda caso, who, db: presa_in_carico.close_cartella(
        CloseCartella(cartella_id=caso.id, version=99, motivo="x"), who, db
    ),
    "reopen": lambda caso, who, db: presa_in_carico.reopen_cartella(
        ReopenCartella(cartella_id=caso.id, version=99, motivo="x"), who, db
    ),
    "mark": lambda caso, who, db: presa_in_carico.set_riservatezza(
        SetRiservatezza(cartella_id=caso.id, version=99, settore_riservato=who.settore, motivo="x"), who, db
    ),
    "share": lambda caso, who, db: condivisioni.propose_condivisione(make_proposal(caso.id, who), who, db),
    "grants": lambda caso, who, db: condivisioni.list_condivisioni(
        ListCondivisioni(cartella_id=caso.id), who, db
    ),
    "explain": lambda caso, who, db: accesso.explain_accesso(ExplainAccesso(cartella_id=caso.id), who, db),
    "diary": lambda caso, who, db: diario.list_voci_diario(ListVociDiario(cartella_id=caso.id), who, db),
    "write": lambda caso, who, db: diario.add_voce_diario(make_add_voce(caso.id), who, db),
    "isee": lambda caso, who, db: isee.list_isee(ListIsee(cartella_id=caso.id), who, db),
    "add isee": lambda caso, who, db: isee.add_isee(make_add_isee(caso.id), who, db),
    "export": lambda caso, who, db: fascicolo.export_fascicolo(ExportFascicolo(cartella_id=caso.id), who, db),
}
"""One case by its id. A stale version is sent on purpose: a conflict would tell that the case is there."""

LISTS: dict[str, Callable[[CartellaOut], ListCartelle]] = {
    "all": lambda caso: ListCartelle(),
    "person": lambda caso: ListCartelle(residente_id=caso.residente_id),
    "people": lambda caso: ListCartelle(residenti_id=(caso.residente_id,)),
    "number": lambda caso: ListCartelle(numero=caso.numero),
    "counter": lambda caso: ListCartelle(numero=str(int(caso.numero[-6:]))),
    "state": lambda caso: ListCartelle(stato=caso.stato),
    "mine": lambda caso: ListCartelle(solo_mie=True),
    "beyond": lambda caso: ListCartelle(residente_id=caso.residente_id, salta=1),
}


def finds(caso: CartellaOut, who: Mandato, db: MongoDatabase) -> bool:
    """Whether the list of cases knows it, in rows or in numbers."""
    found = presa_in_carico.list_cartelle(ListCartelle(residente_id=caso.residente_id), who, db)
    assert found.totale == len(found.cartelle)
    return found.totale > 0


def ways_in(caso: CartellaOut, who: Mandato, db: MongoDatabase) -> list[str]:
    """Names of the doors and lists through which anything of the case shows."""
    open_doors = []
    for name, door in SINGLE.items():
        with suppress(NotFound):
            try:
                door(caso, who, db)
            except NotFound:
                raise
            except Exception:
                pass
            open_doors.append(name)
    for name, request in LISTS.items():
        found = presa_in_carico.list_cartelle(request(caso).model_copy(update={"limite": 500}), who, db)
        if any(row.id == caso.id for row in found.cartelle) or (name == "beyond" and found.totale):
            open_doors.append(f"list {name}")
    return open_doors


def texts(caso: CartellaOut, who: Mandato, db: MongoDatabase, **filters: Any) -> list[str]:
    """Texts of the diary as this person reads it, newest first; the number agrees with them."""
    found = diario.list_voci_diario(ListVociDiario(cartella_id=caso.id, **filters), who, db)
    assert found.totale == len(found.voci)
    return [voce.testo for voce in found.voci]


def at(day: int, hour: int = 10) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)
