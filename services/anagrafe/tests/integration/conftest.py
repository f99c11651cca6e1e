"""The registry on a real PostgreSQL: one database a run, emptied before each test."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from anagrafe.jobs.carica import Risultato, load_file
from anagrafe.settings import Settings
from chassis.sql import SqlDatabase
from contracts.events import Envelope
from contracts.mandato import Extent, Mandato

EMPTY = (
    "TRUNCATE residenti, residenti_storico, nuclei, enti, civici, caricamenti, righe_rifiutate,"
    " vincoli_riservatezza, outbox"
)
STATE = """
SELECT p.id_anagrafe, codice_fiscale, cognome, nome, data_nascita, stato_civile, n.id_nucleo, relazione, indirizzo,
    civico, lat, lon, p.ente, data_iscrizione, ricerca
FROM residenti p JOIN nuclei n ON n.id = p.nucleo_id WHERE stato = 'R' ORDER BY 1
"""


@dataclass
class Registry:
    """What a test does with the registry and what it looks at."""

    settings: Settings
    admin_url: str
    db: SqlDatabase = field(init=False)

    def __post_init__(self) -> None:
        self.db = SqlDatabase(self.settings)

    def load(self, path: Path) -> Risultato:
        return load_file(path, self.settings)

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            cursor = connection.execute(query, parameters or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> None:
        self.rows(EMPTY)

    def state(self) -> list[tuple[Any, ...]]:
        """Everything that holds now about the residents, by id_anagrafe."""
        return self.rows(STATE)

    def events(self, noun: str = "") -> list[Envelope]:
        """Events in the outbox, in order; only those whose type holds `noun`."""
        found = [Envelope.model_validate(e) for (e,) in self.rows("SELECT envelope FROM outbox ORDER BY seq")]
        return [e for e in found if noun in e.type and "caricamento" not in e.type]

    def facts(self) -> list[tuple[str, str, str]]:
        """(id_anagrafe, fact, motivo) of the events about persons, sorted."""
        return sorted(
            self.rows(
                "SELECT p.id_anagrafe, split_part(o.type, '.', 3), coalesce(envelope->'data'->>'motivo', '')"
                " FROM outbox o JOIN residenti p ON p.id::text = o.subject"
            )
        )

    def id_of(self, id_anagrafe: str) -> UUID:
        return self.rows("SELECT id FROM residenti WHERE id_anagrafe = %s", id_anagrafe)[0][0]  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def _registry(pg_database: Callable[..., Any]) -> Registry:
    urls = pg_database("anagrafe")
    admin = urls.admin.replace("postgresql+psycopg2://", "postgresql://")
    return Registry(Settings(database_url=urls.app, processi=1), admin)


@pytest.fixture
def registry(_registry: Registry) -> Registry:
    _registry.empty()
    return _registry


@pytest.fixture
def make_mandato() -> Callable[..., Mandato]:
    """A mandate over one ente (or more, with `enti`) for the scopes of the registry."""

    def make(ente: str = "F704", extent: Extent = Extent.ENTE, enti: tuple[str, ...] = ()) -> Mandato:
        scopes = ("anagrafe:leggi", "caricamenti:leggi", "caricamenti:approva")
        return Mandato(
            operatore_id=uuid4(),
            incarico_id=uuid4(),
            ruolo="assistente_sociale",
            ente=ente,
            settore="minori",
            estensioni=dict.fromkeys(scopes, extent),
            enti_provincia=enti,
        )

    return make
