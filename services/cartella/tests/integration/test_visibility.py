"""What the store gives, held against a plain reading of the rules, over worlds drawn at random."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from services.cartella.tests.factories import make_cartella, make_mandato

from cartella.domain.diario import VoceDiario
from cartella.domain.presa_in_carico import Cartella
from cartella.models import cartella_document, voce_document
from cartella.use_cases import diario, presa_in_carico
from chassis.mongo import MongoDatabase
from contracts.cartella import GetCartella, ListCartelle, ListVociDiario, TipoVoce
from contracts.condivisioni import Condivisione, StatoCondivisione
from contracts.errors import Forbidden, NotFound
from contracts.mandato import Emergenza, Extent, Mandato

NOW = datetime.now(UTC).replace(microsecond=0)
SETTORI = ("minori", "adulti", "tutela")
SECTIONS = ("presa_in_carico", "diario")
EXTENTS = (Extent.NESSUNO, Extent.PROPRI, Extent.SETTORE, Extent.SETTORE, Extent.ENTE)
HEADING, READ, SECOND = "presa_in_carico:leggi", "diario:leggi", "secondo_livello:leggi"


@dataclass(frozen=True)
class Mondo:
    enti: tuple[str, str]
    people: tuple[UUID, ...]
    casi: tuple[Cartella, ...]
    voci: tuple[VoceDiario, ...]


def draw(random: Random, enti: tuple[str, str]) -> Mondo:
    people = tuple(UUID(int=random.getrandbits(128), version=4) for _ in range(30))
    casi = tuple(_caso(random, enti, people, number) for number in range(12))
    voci = tuple(_voce(random, caso, people) for caso in casi for _ in range(30))
    marked = {
        caso.id: {v.settore_riservato for v in voci if v.cartella_id == caso.id} - {""} for caso in casi
    }
    casi = tuple(replace(caso, settori_voci=tuple(sorted(marked[caso.id]))) for caso in casi)
    return Mondo(enti, people, casi, voci)


def _caso(random: Random, enti: tuple[str, str], people: tuple[UUID, ...], number: int) -> Cartella:
    settore = random.choice(SETTORI)
    mandato = make_mandato(ente=random.choice(enti), settore=settore, operatore_id=random.choice(people))
    return replace(
        make_cartella(mandato),
        numero=f"{mandato.ente}-{random.getrandbits(60)}",
        progressivo=number,
        team=tuple(random.sample(people, random.randint(0, 2))),
        settore_riservato=random.choice(("", "", settore)),
        condivisioni=tuple(_grant(random, enti, people) for _ in range(random.choice((0, 0, 1, 2)))),
    )


def _grant(random: Random, enti: tuple[str, str], people: tuple[UUID, ...]) -> Condivisione:
    return Condivisione(
        id=UUID(int=random.getrandbits(128), version=4),
        ente=random.choice(enti),
        settore=random.choice(SETTORI),
        operatore_id=random.choice((None, None, None, random.choice(people))),
        sezioni=tuple(random.sample(SECTIONS, random.randint(1, 2))),
        dal=NOW + timedelta(days=random.choice((-9, -9, -9, 9))),
        al=NOW + timedelta(days=random.choice((-1, 30, 30, 30))),
        nascondi_prima=random.random() < 0.5,
        stato=random.choice((StatoCondivisione.ACCETTATA,) * 4 + tuple(StatoCondivisione)),
        motivo="x",
        proposta_da=people[0],
        proposta_il=NOW,
    )


def _voce(random: Random, caso: Cartella, people: tuple[UUID, ...]) -> VoceDiario:
    author, private = random.choice(people), random.random() < 0.2
    return VoceDiario(
        id=UUID(int=random.getrandbits(128), version=4),
        cartella_id=caso.id,
        ente=caso.ente,
        tipo=TipoVoce.NOTA,
        quando=NOW + timedelta(days=random.choice((-20, -5))),
        con_chi="",
        dove="",
        testo="x",
        privata_di=author if private else None,
        settore_riservato="" if private else random.choice(("", "", *SETTORI)),
        autore_id=author,
        scritta_il=NOW + timedelta(days=random.choice((-20, -5))),
        version=1,
    )


def draw_mandato(random: Random, mondo: Mondo) -> Mandato:
    who = make_mandato(
        Extent.PROPRI,
        ente=random.choice(mondo.enti),
        settore=random.choice(SETTORI),
        operatore_id=random.choice(mondo.people),
        presa_in_carico__leggi=random.choice(EXTENTS),
        diario__leggi=random.choice(EXTENTS),
        secondo_livello__leggi=random.choice(EXTENTS),
    )
    changes: dict[str, Any] = {}
    if random.random() < 0.2:
        changes["in_delega_di"] = random.choice(mondo.people)
    if random.random() < 0.2:
        changes["esclusi"] = (random.choice(mondo.casi).residente_id,)
    if random.random() < 0.2:
        person = random.choice(mondo.casi).residente_id
        scopes = random.sample((HEADING, READ, SECOND), random.randint(1, 3))
        changes["emergenza"] = Emergenza(residente_id=person, scopi=tuple(scopes))
    return who.model_copy(update=changes)


# The rules again, in plain words


def within(who: Mandato, scope: str, caso: Cartella) -> bool:
    """The extent takes in the place; the team of the case counts for any."""
    extent = who.extent(scope)
    if extent is Extent.NESSUNO:
        return False
    if set(who.persone) & set(caso.team):
        return True
    if extent is Extent.SETTORE:
        return (who.ente, who.settore) == (caso.ente, caso.settore)
    return extent is Extent.ENTE and who.ente == caso.ente


def in_emergency(who: Mandato, scope: str, caso: Cartella) -> bool:
    return who.in_emergenza(scope) == caso.residente_id


def by_role(who: Mandato, scope: str, caso: Cartella) -> bool:
    if caso.residente_id in who.esclusi:
        return False
    if not (within(who, scope, caso) or in_emergency(who, scope, caso)):
        return False
    mark = caso.settore_riservato
    return not mark or opens_mark(who, scope, caso, mark)


def grants(who: Mandato, scope: str, caso: Cartella, sezione: str = "") -> list[Condivisione]:
    if who.extent(scope) is Extent.NESSUNO or caso.residente_id in who.esclusi:
        return []
    return [
        one
        for one in caso.condivisioni
        if one.stato is StatoCondivisione.ACCETTATA
        and one.dal <= NOW < one.al
        and (one.ente, one.settore) == (who.ente, who.settore)
        and one.operatore_id in (None, *who.persone)
        and (not sezione or sezione in one.sezioni)
    ]


def opens_mark(who: Mandato, scope: str, caso: Cartella, mark: str) -> bool:
    if in_emergency(who, SECOND, caso) and in_emergency(who, scope, caso):
        return True
    if who.extent(SECOND) is Extent.ENTE and who.ente == caso.ente:
        return True
    return who.extent(SECOND) is not Extent.NESSUNO and (who.ente, who.settore) == (caso.ente, mark)


def by_mark(who: Mandato, scope: str, caso: Cartella, mark: str) -> bool:
    """An entry of the second level, through no right on its case: roles that reach beyond their own cases."""
    wide = (Extent.SETTORE, Extent.ENTE)
    if (
        who.extent(scope) not in wide
        or who.extent(SECOND) is Extent.NESSUNO
        or caso.residente_id in who.esclusi
    ):
        return False
    if who.ente != caso.ente:
        return False
    return who.extent(SECOND) is Extent.ENTE or who.settore == mark


def reads(who: Mandato, caso: Cartella, voce: VoceDiario) -> bool:
    mine, mark = voce.autore_id == who.operatore_id, voce.settore_riservato
    if voce.privata_di and not mine:
        return False
    if mark and by_mark(who, READ, caso, mark):
        return True
    if mark and not mine and not opens_mark(who, READ, caso, mark):
        return False
    if by_role(who, READ, caso):
        return True
    found = grants(who, READ, caso, "diario")
    return bool(found) and (
        mine or any(not g.nascondi_prima or min(voce.quando, voce.scritta_il) >= g.dal for g in found)
    )


def sees_whole(who: Mandato, caso: Cartella) -> bool:
    return by_role(who, HEADING, caso) or bool(grants(who, HEADING, caso, "presa_in_carico"))


def sees_heading(who: Mandato, caso: Cartella) -> bool:
    marks = any(by_mark(who, HEADING, caso, mark) for mark in caso.settori_voci)
    return sees_whole(who, caso) or bool(grants(who, HEADING, caso)) or marks


@pytest.mark.parametrize("seed", [0, 1, 5])
def test_the_store_gives_what_the_rules_say_and_nothing_else(database: MongoDatabase, seed: int) -> None:
    random = Random(seed)
    enti = (f"V{random.randint(0, 999):03d}", f"W{random.randint(0, 999):03d}")
    mondo = draw(random, enti)
    database.db.cartelle.insert_many([cartella_document(caso) for caso in mondo.casi])
    database.db.voci_diario.insert_many([voce_document(voce) for voce in mondo.voci])

    for _ in range(20):
        who = draw_mandato(random, mondo)
        assert listed(who, mondo, database) == {
            caso.id: not sees_whole(who, caso) for caso in mondo.casi if sees_heading(who, caso)
        }, who
        for caso in mondo.casi:
            assert shown(who, caso, database) is (sees_heading(who, caso) or None), (who, caso)
            expected = {v.id for v in mondo.voci if v.cartella_id == caso.id and reads(who, caso, v)}
            assert entries(who, caso, database) == expected, (who, caso)


def listed(who: Mandato, mondo: Mondo, database: MongoDatabase) -> dict[UUID, bool]:
    """The cases of this world in the list, each with whether its heading alone is there."""
    try:
        found = presa_in_carico.list_cartelle(ListCartelle(limite=500), who, database)
    except Forbidden:
        return {}
    here = {caso.id for caso in mondo.casi}
    return {row.id: row.solo_intestazione for row in found.cartelle if row.id in here}


def shown(who: Mandato, caso: Cartella, database: MongoDatabase) -> bool | None:
    try:
        return bool(presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), who, database))
    except (NotFound, Forbidden):
        return None


def entries(who: Mandato, caso: Cartella, database: MongoDatabase) -> set[UUID]:
    try:
        found = diario.list_voci_diario(ListVociDiario(cartella_id=caso.id, limite=500), who, database)
    except (NotFound, Forbidden):
        return set()
    assert found.totale == len(found.voci)
    return {voce.id for voce in found.voci}


def test_the_worlds_hold_what_they_are_meant_to_try() -> None:
    """Some of each: else the agreement above would be about nothing."""
    random = Random(0)
    seen = {"heading": 0, "whole": 0, "entry": 0, "hidden entry": 0, "by grant": 0, "by mark": 0}
    for _ in range(6):
        mondo = draw(random, ("V000", "W000"))
        casi = {caso.id: caso for caso in mondo.casi}
        for _ in range(20):
            who = draw_mandato(random, mondo)
            for caso in mondo.casi:
                seen["whole"] += sees_whole(who, caso)
                seen["heading"] += sees_heading(who, caso) and not sees_whole(who, caso)
                seen["by grant"] += bool(grants(who, READ, caso)) and not by_role(who, READ, caso)
            for voce in mondo.voci:
                caso = casi[voce.cartella_id]
                mark = voce.settore_riservato
                seen["entry"] += reads(who, caso, voce)
                seen["hidden entry"] += by_role(who, READ, caso) and not reads(who, caso, voce)
                seen["by mark"] += (
                    bool(mark) and by_mark(who, READ, caso, mark) and not by_role(who, READ, caso)
                )

    assert min(seen.values()) > 30, seen
