"""The whole case for printing: each section under its own scope; one without scope is simply not there."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cartella.domain import diario, isee, vista
from cartella.models import Store
from cartella.repository.diario import DiarioRepository
from cartella.repository.isee import IseeRepository
from cartella.repository.presa_in_carico import CartellaRepository
from cartella.repository.visibility import Reach
from cartella.use_cases.steps import open_case, show
from chassis.mongo import MongoDatabase
from contracts.cartella import ExportFascicolo, FascicoloOut
from contracts.errors import NotFound
from contracts.mandato import Mandato

STAMPA = "stampe:stampa"

Section = Callable[[Store, Reach, Mandato], dict[str, Any]]

SECTIONS: dict[str, Section] = {
    "presa_in_carico": lambda store, reach, mandato: {"cartella": show(reach)},
    "diario": lambda store, reach, mandato: {
        "voci": tuple(diario.to_out(voce) for voce in DiarioRepository(store).all_of(mandato, reach))
    },
    "isee": lambda store, reach, mandato: {
        "isee": tuple(isee.to_out(found) for found in IseeRepository(store).all_of(mandato, reach))
    },
}
"""Section → the fields of `FascicoloOut` it fills, read under the scope `<section>:leggi`. A new one is one line."""


def export_fascicolo(request: ExportFascicolo, mandato: Mandato, db: MongoDatabase) -> FascicoloOut:
    """What the caller may read of the case; sections of other services are theirs to add.

    Without `presa_in_carico` the heading of the case stays, its passaggi do not.
    """
    mandato.require(STAMPA)
    with db.read() as store:
        cases = CartellaRepository(store)
        cartella = open_case(cases, request.cartella_id, mandato, STAMPA).cartella
        parts: dict[str, Any] = {"cartella": vista.heading(cartella)}
        for name in request.sezioni:
            with suppress(NotFound):
                if name in SECTIONS:
                    reach = cases.reach(cartella.id, mandato, f"{name}:leggi")
                    parts |= SECTIONS[name](store, reach, mandato)
    return FascicoloOut(**parts)
