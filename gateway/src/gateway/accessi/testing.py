"""For tests: an access log of its own, at any moment of the past, and somebody with the owner's password."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import sql
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from gateway.accessi.catena import FORMATO, chain_hash, opening_hash
from gateway.accessi.chiavi import Signer
from gateway.accessi.continua import verify_new
from gateway.accessi.row import Accesso
from gateway.accessi.scarti import Scarto, discard_expired
from gateway.accessi.sigilli import Anomalia, Connection, Sealing, seal
from gateway.accessi.verify import Verifica, verify
from gateway.accessi.writer import INSERT

T = TypeVar("T")
SEALED_TABLES = ("accessi", "accessi_catene", "accessi_sigilli", "accessi_teste", "accessi_scarti")


def make_accesso(**changes: Any) -> Accesso:
    """A read of a case by a social worker of Monza."""
    row = Accesso(
        uuid4(), uuid4(), uuid4(), "assistente_sociale", "F704", "minori", "GET", "/api/v1/cartelle/{cartella_id}",
        "presa_in_carico:leggi", "presa_in_carico", "leggi", cartella_id=uuid4(), esito=200, motivo="perché «sì» \\ \n",
    )  # fmt: skip
    return replace(row, **changes)


@dataclass
class Registro:
    """`app`, `owner`, `notaio`: addresses of one database as its three roles see it."""

    app: str
    owner: str
    notaio: str
    signer: Signer = field(default_factory=lambda: Signer(Ed25519PrivateKey.generate()))

    def run(self, work: Callable[[Connection], Awaitable[T]], dsn: str = "") -> T:
        async def connected() -> T:
            async with await psycopg.AsyncConnection.connect(dsn or self.app, autocommit=True) as connection:
                return await work(connection)

        return asyncio.run(connected())

    def write(self, rows: Sequence[Accesso], formato: int = FORMATO, catena: UUID | None = None) -> UUID:
        """A chain that began just before its first row; the months it needs are made. Returns its id."""
        catena = catena or uuid7()
        return self.run(lambda connection: _write(connection, catena, list(rows), formato), self.owner)

    def write_at(self, moments: Sequence[datetime], **changes: Any) -> UUID:
        return self.write([make_accesso(quando=moment, **changes) for moment in moments])

    def seal(self, now: datetime | None = None) -> Sealing:
        return self.run(lambda connection: seal(connection, self.signer, now), self.notaio)

    def verify(self) -> Verifica:
        return self.run(lambda connection: verify(connection, self.signer.verifier()))

    def verify_new(self) -> Verifica:
        return self.run(lambda connection: verify_new(connection, self.signer.verifier()), self.notaio)

    def discard(self) -> tuple[list[Scarto], list[Anomalia]]:
        broken = self.verify().anomalie
        return self.run(lambda connection: discard_expired(connection, self.signer, broken), self.notaio)

    def set_terms(self, ente: str, decided: datetime | None = None, **changes: Any) -> None:
        """Terms of an ente (or of none) as the owner sets them: decided by two, at any moment of the past."""
        terms = {
            "mesi": 24,
            "mostra_nomi": True,
            "mostra_motivi": True,
            "settori_protetti": ["minori"],
        } | changes
        known, columns = uuid4(), sql.SQL(", ").join(map(sql.Identifier, terms))
        with psycopg.connect(self.owner) as connection:
            connection.execute("ALTER TABLE registro_decisioni DISABLE TRIGGER USER")
            connection.execute(
                sql.SQL(
                    "INSERT INTO registro_termini (id, ente, motivo, proposti_da, {}) VALUES ({})"
                ).format(columns, sql.SQL(", ").join(sql.Placeholder() * (4 + len(terms)))),
                (known, ente, "per una prova", uuid4(), *terms.values()),
            )
            connection.execute(
                "INSERT INTO registro_decisioni (termini_id, approvati, decisi_da, decisi_il)"
                " VALUES (%s, true, %s, coalesce(%s, clock_timestamp()))",
                (known, uuid4(), decided),
            )
            connection.execute("ALTER TABLE registro_decisioni ENABLE TRIGGER USER")

    def tamper(self, *statements: str) -> None:
        """As somebody with the owner's password would."""
        with psycopg.connect(self.owner) as connection:
            for table in SEALED_TABLES:
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for statement in statements:
                connection.execute(statement)

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.app) as connection:
            return connection.execute(statement, values).fetchall()


async def _write(connection: Connection, catena: UUID, rows: list[Accesso], formato: int) -> UUID:
    aperta_il = min(row.quando for row in rows) - timedelta(seconds=1)
    last = opening_hash(catena, aperta_il, {}, formato)
    for month in {row.quando.date().replace(day=1) for row in rows}:
        await connection.execute("SELECT make_accessi_mese(%s)", (month,))
    await connection.execute(
        "INSERT INTO accessi_catene (catena, aperta_il, formato, teste, hash) VALUES (%s, %s, %s, %s, %s)",
        (catena, aperta_il, formato, Jsonb({}), last),
    )
    records = []
    for seq, row in enumerate(rows, 1):
        record = row.record(catena, seq)
        digest = chain_hash(last, record, formato)
        records.append(record | {"prima": f"\\x{last.hex()}", "hash": f"\\x{digest.hex()}"})
        last = digest
    await connection.execute(INSERT, (json.dumps(records),))
    return catena
