"""Who can sign in at the test identity provider: the operators of the demo, some residents of the city, a stranger."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from pymongo import MongoClient

from sisolocal.layout import Layout, write_private

OPERATORI, CITTADINI, ALTRI = "Lavorano nei servizi", "Cittadini", "Sconosciuti al sistema"
ESTRANEO = {
    "codice_fiscale": "FNTGNZ70C15F205U", "nome": "Ignazio", "cognome": "Fontana", "gruppo": ALTRI,
    "nota": "non lavora nei servizi",
}  # fmt: skip
ENTI = {"F704": "Monza", "B212": "Brugherio"}
CITIZENS = 6
ADULTS = """
SELECT id, codice_fiscale, nome, cognome FROM residenti
 WHERE ente = 'F704' AND stato = 'R' AND codice_fiscale IS NOT NULL
   AND data_nascita BETWEEN current_date - interval '90 years' AND current_date - interval '18 years'
"""
Row = dict[str, str]


def file(layout: Layout) -> Path:
    """Among the data: it goes when the city goes."""
    return layout.base / "data" / "identita.json"


def write(layout: Layout, cittadini: Iterable[Row] | None = None) -> None:
    """The list; without `cittadini`, those that were in it stay."""
    if cittadini is None:
        known = json.loads(file(layout).read_text()) if file(layout).exists() else []
        cittadini = [row for row in known if row["gruppo"] == CITTADINI]
    rows = [*operatori(), *cittadini, ESTRANEO]
    write_private(file(layout), json.dumps(rows, ensure_ascii=False, indent=1))


def operatori() -> list[Row]:
    from gateway.seed.operatori import IDENTITIES

    return [
        {
            "codice_fiscale": one.codice_fiscale, "nome": one.nome, "cognome": one.cognome, "gruppo": OPERATORI,
            "nota": f"{one.ruolo.replace('_', ' ')}, {ENTI.get(one.ente, one.ente)}",
        }
        for one in IDENTITIES
    ]  # fmt: skip


def choose_citizens(env: dict[str, str]) -> list[Row]:
    """Adults of the city, those who have a case first: they have accesses of others to read about."""
    with_case = _people_with_case(env["CARTELLA_MONGO_URL"])
    url = env["ANAGRAFE_MIGRATION_URL"].replace("postgresql+psycopg2://", "postgresql://", 1)
    with psycopg.connect(url) as connection:
        order = f"{ADULTS} ORDER BY id = ANY(%s) DESC, id LIMIT %s"
        people = connection.execute(order, (with_case, CITIZENS)).fetchall()
    return [
        {
            "codice_fiscale": codice, "nome": nome, "cognome": cognome, "gruppo": CITTADINI,
            "nota": "ha un caso aperto" if residente_id in with_case else "",
        }
        for residente_id, codice, nome, cognome in people
    ]  # fmt: skip


def _people_with_case(mongo_url: str) -> list[UUID]:
    client: Any = MongoClient(mongo_url, uuidRepresentation="standard")
    try:
        cases = client.get_default_database()["cartelle"].find({}, {"residente_id": 1}).limit(200)
        return [case["residente_id"] for case in cases]
    finally:
        client.close()
