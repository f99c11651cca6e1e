"""A load on its connection: registration of the file, the working tables, the steps, the end. psycopg 3, no eventlet.

The file's row in `caricamenti` is committed by itself, before; everything else is one transaction: after kill -9 a
file is either wholly in or not at all, and the row says `in_corso` until the next run takes it over.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, LiteralString, cast
from uuid import UUID

import psycopg
import structlog
from psycopg import ClientCursor

from anagrafe.domain.codici import luoghi_datati
from anagrafe.domain.righe import Segnalazione
from anagrafe.repository import passi
from chassis.outbox import envelope_of, new_id
from chassis.settings import libpq_dsn
from contracts.anagrafe import CaricamentoCompletatoV1, StatoCaricamento
from contracts.errors import Unavailable

Connection = psycopg.Connection[tuple[Any, ...]]
_LOTTO = 20_000
log = structlog.get_logger()


@dataclass(frozen=True)
class Registrazione:
    """The file's row: `stato` as found before this run."""

    id: UUID
    stato: StatoCaricamento
    confermata: bool


@contextmanager
def connect(database_url: str) -> Iterator[Connection]:
    """A connection for a load: no statement timeout, client-side binding (CREATE TABLE AS takes no parameters).

    Raises Unavailable when the store goes away or refuses: the transaction is then undone.
    """
    dsn = libpq_dsn(database_url)
    try:
        with psycopg.connect(
            dsn, autocommit=True, cursor_factory=ClientCursor, connect_timeout=10
        ) as connection:
            yield connection
    except psycopg.Error as error:
        log.error("carico_interrupted", error=type(error).__name__, sqlstate=error.sqlstate)
        raise Unavailable(
            "anagrafe.archivio", "L'archivio non risponde: il file non è stato caricato, si può riprovare."
        ) from error


def register_ente(connection: Connection, codice: str, nome: str) -> None:
    """Makes the ente known; nothing when it is."""
    connection.execute(
        "INSERT INTO enti (codice, nome) VALUES (%s, %s) ON CONFLICT DO NOTHING", (codice, nome)
    )


def fill_luoghi(connection: Connection) -> None:
    """Comuni and nations by date, once (a reference table: 20,000 rows)."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('anagrafe.luoghi'))")
        if cursor.execute("SELECT EXISTS (SELECT 1 FROM luoghi)").fetchone() != (False,):
            return
        with cursor.copy("COPY luoghi (codice, valid_from, nome, provincia, valid_to) FROM STDIN") as copy:
            for row in luoghi_datati():
                copy.write_row(row)


def register(connection: Connection, ente: str, file: str, sha256: str, giorno: date | None) -> Registrazione:
    """Finds or makes the row of a file (the same content under the same name is the same file)."""
    made = connection.execute(
        "INSERT INTO caricamenti (id, ente, file, sha256, giorno, stato) VALUES (%s, %s, %s, %s, %s, 'in_corso')"
        " ON CONFLICT (ente, file, sha256) DO NOTHING RETURNING id",
        (new_id(), ente, file, sha256, giorno),
    ).fetchone()
    if made:
        return Registrazione(made[0], StatoCaricamento.IN_CORSO, False)
    row = connection.execute(
        "SELECT id, stato, confermato_da IS NOT NULL FROM caricamenti"
        " WHERE ente = %s AND file = %s AND sha256 = %s",
        (ente, file, sha256),
    ).fetchone()
    assert row is not None
    return Registrazione(row[0], StatoCaricamento(row[1]), row[2])


def completed(connection: Connection, files: Sequence[str]) -> dict[str, set[str]]:
    """File name → checksums of the contents taken in under that name."""
    rows = connection.execute(
        "SELECT file, array_agg(sha256) FROM caricamenti WHERE stato = 'completato' AND file = ANY(%s) GROUP BY file",
        (list(files),),
    ).fetchall()
    return {file: set(checksums) for file, checksums in rows}


def refuse(connection: Connection, caricamento_id: UUID, motivo: str, righe: int, secondi: float) -> None:
    """Ends a load with nothing changed."""
    connection.execute(
        "UPDATE caricamenti SET stato = 'rifiutato', motivo = %s, righe = %s, secondi = %s, finito_il = now(),"
        " contenuto = NULL WHERE id = %s",
        (motivo, righe, round(secondi, 3), caricamento_id),
    )


def suspend(connection: Connection, caricamento_id: UUID, motivo: str, righe: int, path: Path) -> None:
    """Keeps the file (compressed) until a person lets it through."""
    connection.execute(
        "UPDATE caricamenti SET stato = 'in_attesa', motivo = %s, righe = %s, contenuto = %s WHERE id = %s",
        (motivo, righe, zlib.compress(path.read_bytes(), 6), caricamento_id),
    )


def confirmed(connection: Connection) -> list[tuple[str, bytes]]:
    """Files let through and not yet loaded: name and content."""
    rows = connection.execute(
        "SELECT file, contenuto FROM caricamenti WHERE stato = 'in_attesa' AND confermato_da IS NOT NULL"
        " AND contenuto IS NOT NULL ORDER BY giorno, iniziato_il"
    ).fetchall()
    return [(file, zlib.decompress(contenuto)) for file, contenuto in rows]


class Carico:
    """The transaction of one file. Methods are steps, in the order `jobs` calls them."""

    def __init__(self, connection: Connection, ente: str, giorno: date | None, caricamento_id: UUID) -> None:
        self.connection, self.ente = connection, ente
        self.parameters: dict[str, Any] = {
            "ente": ente,
            "giorno": giorno,
            "caricamento_id": caricamento_id,
            "baseline": False,
        }

    def run(self, statement: str) -> Sequence[tuple[Any, ...]]:
        """One statement of `passi`; its rows, if it has any."""
        cursor = self.connection.execute(statement, self.parameters)
        return cursor.fetchall() if cursor.description else ()

    def lock(self) -> None:
        """Waits until nobody else loads this comune."""
        self.connection.execute(
            "SELECT pg_advisory_xact_lock(hashtext('anagrafe.carico:' || %s))", (self.ente,)
        )

    def begin(self) -> bool:
        """Looks again now that the lock is held: False when the file was loaded meanwhile. An old report goes."""
        ident = self.parameters["caricamento_id"]
        row = self.connection.execute("SELECT stato FROM caricamenti WHERE id = %s", (ident,)).fetchone()
        if row == (StatoCaricamento.COMPLETATO.value,):
            return False
        self.connection.execute("DELETE FROM righe_rifiutate WHERE caricamento_id = %s", (ident,))
        return True

    def try_lock_others(self) -> bool:
        """Locks the comuni that people of this file come from; False when one is being loaded just now.

        Never waits while holding a lock, so two loads cannot block each other.
        """
        for (ente,) in self.run(passi.ALTRI_ENTI):
            got = self.connection.execute(
                "SELECT pg_try_advisory_xact_lock(hashtext('anagrafe.carico:' || %s))", (ente,)
            ).fetchone()
            if not got or not got[0]:
                return False
        return True

    def last_day(self) -> date | None:
        """Day of the last file of this comune; also learns whether this one is the first."""
        row = self.connection.execute(
            "SELECT ultimo_giorno, primo_caricamento IS NULL FROM enti WHERE codice = %s", (self.ente,)
        ).fetchone()
        assert row is not None
        self.parameters["baseline"] = row[1]
        return cast(date | None, row[0])

    def stage(self, blocks: Iterable[bytes]) -> int:
        """Copies the lines in; their number."""
        self.connection.execute(passi.STAGE)
        with self.connection.cursor() as cursor:
            with cursor.copy(passi.COPY_RIGHE) as copy:
                for block in blocks:
                    copy.write(block)
            count = cursor.rowcount
        self.connection.execute("ANALYZE righe")
        return count

    def changed_lines(self) -> Iterator[list[tuple[int, str]]]:
        """Lines that are not as they were, in lots."""
        with self.connection.cursor(name="cambiate") as cursor:
            cursor.execute(passi.CAMBIATE, self.parameters)
            while rows := cursor.fetchmany(_LOTTO):
                yield cast(list[tuple[int, str]], rows)

    def copy_rows(self, statement: LiteralString, rows: Iterable[Sequence[object]]) -> None:
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def report(self, segnalazioni: Iterable[Segnalazione]) -> None:
        """Writes what is wrong with single lines."""
        ident = self.parameters["caricamento_id"]
        self.copy_rows(
            passi.COPY_SEGNALAZIONI,
            ((ident, s.riga, s.colonna, s.valore, s.motivo, s.avviso) for s in segnalazioni),
        )

    def complete(
        self, righe: int, secondi: float, motivo: str = "", *, applied: bool = False
    ) -> dict[str, int]:
        """Counts, the row of the file, the event that it is done. The transaction may then commit."""
        counted = self.run(passi.CONTI)[0] if applied else (0, 0, 0, 0)
        counts = dict(zip(("nascite", "decessi", "trasferimenti", "variazioni"), counted, strict=True))
        ident = self.parameters["caricamento_id"]
        refused = self.connection.execute(
            "SELECT count(DISTINCT riga) FILTER (WHERE NOT avviso), count(*) FILTER (WHERE avviso)"
            " FROM righe_rifiutate WHERE caricamento_id = %s",
            (ident,),
        ).fetchone()
        assert refused is not None
        counts |= {"rifiutate": refused[0]}
        self.connection.execute(
            "UPDATE caricamenti SET stato = 'completato', righe = %(righe)s, nascite = %(nascite)s,"
            " decessi = %(decessi)s, trasferimenti = %(trasferimenti)s, variazioni = %(variazioni)s,"
            " rifiutate = %(rifiutate)s, avvisi = %(avvisi)s, motivo = %(motivo)s, secondi = %(secondi)s,"
            " finito_il = now(), contenuto = NULL WHERE id = %(id)s",
            {
                **counts,
                "righe": righe,
                "avvisi": refused[1],
                "motivo": motivo,
                "secondi": round(secondi, 3),
                "id": ident,
            },
        )
        self._emit_completed(
            CaricamentoCompletatoV1(caricamento_id=ident, ente=self.ente, righe=righe, **counts)
        )
        return counts | {"avvisi": refused[1]}

    def _emit_completed(self, event: CaricamentoCompletatoV1) -> None:
        envelope = envelope_of(event, 1)
        self.connection.execute(
            "INSERT INTO outbox (id, type, subject, sequence, envelope) VALUES (%s, %s, %s, 1, %s)",
            (envelope.id, envelope.type, envelope.subject, envelope.model_dump_json()),
        )
