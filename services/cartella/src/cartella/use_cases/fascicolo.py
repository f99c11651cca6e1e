"""The whole case for printing: each section under its own scope; one without scope is simply not there."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cartella.domain import diario, isee, presa_in_carico
from cartella.domain.presa_in_carico import Cartella
from cartella.models import Store
from cartella.repository.diario import DiarioRepository
from cartella.repository.isee import IseeRepository
from cartella.repository.presa_in_carico import CartellaRepository
from chassis.mongo import MongoDatabase
from contracts.cartella import ExportFascicolo, FascicoloOut
from contracts.mandato import Mandato

STAMPA = "stampe:stampa"

Section = Callable[[Store, Cartella, Mandato], dict[str, Any]]

SECTIONS: dict[str, Section] = {
    "presa_in_carico": lambda store, cartella, mandato: {"cartella": presa_in_carico.to_out(cartella)},
    "diario": lambda store, cartella, mandato: {
        "voci": tuple(diario.to_out(voce) for voce in DiarioRepository(store).all_of(cartella.id, mandato))
    },
    "isee": lambda store, cartella, mandato: {
        "isee": tuple(isee.to_out(found) for found in IseeRepository(store).of_cartella(cartella.id))
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
        cartella = cases.get(request.cartella_id, mandato, STAMPA)
        parts: dict[str, Any] = {"cartella": presa_in_carico.to_out(replace(cartella, passaggi=()))}
        for name in request.sezioni:
            if name in SECTIONS and cases.reaches(cartella.id, mandato, f"{name}:leggi"):
                parts |= SECTIONS[name](store, cartella, mandato)
    return FascicoloOut(**parts)
