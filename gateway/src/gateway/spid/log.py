"""The SPID log: request and answer of every login and logout, 24 months, encrypted, apart from the application log.

Law: DPCM 24 ottobre 2014, art. 13 c. 2. Each row is sealed with AES-256-GCM, its id as associated data, so that a row
cannot be swapped for another. The codice fiscale is findable through a keyed digest alone. Reading leaves a trace.
"""

import hmac
import json
import os
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg.rows import dict_row
from uuid_utils.compat import uuid7

from gateway.spid.keys import LogKey

NONCE = 12
MONTHS_KEPT = 24


@dataclass(frozen=True)
class LogRow:
    """One login that ended, well or not, or one logout. `esito`: accesso, `anomalia nrNN`, `rifiutata <reason>`; uscita
    chiesta (it left: no answer yet), uscita, uscita non confermata, uscita dal gestore."""

    schema: str
    idp: str
    esito: str
    richiesta_id: str
    risposta_id: str
    richiesta: bytes
    risposta: bytes
    indirizzo: str
    asserzione_id: str = ""
    codice_fiscale: str = ""
    name_id: str = ""


def seal(key: LogKey, row_id: UUID, row: LogRow) -> bytes:
    content = {
        "richiesta": b64encode(row.richiesta).decode(), "risposta": b64encode(row.risposta).decode(),
        "indirizzo": row.indirizzo, "codice_fiscale": row.codice_fiscale, "name_id": row.name_id,
    }  # fmt: skip
    nonce = os.urandom(NONCE)
    packed = zlib.compress(json.dumps(content).encode(), 9)
    return nonce + AESGCM(key.secret).encrypt(nonce, packed, row_id.bytes)


def unseal(keys: Sequence[LogKey], key_id: str, row_id: UUID, content: bytes) -> dict[str, str]:
    """Raises LookupError when the key is not among ours, ValueError when the row was changed."""
    key = next((key for key in keys if key.id == key_id), None)
    if key is None:
        raise LookupError(f"log key {key_id} is not here")
    try:
        packed = AESGCM(key.secret).decrypt(content[:NONCE], content[NONCE:], row_id.bytes)
    except InvalidTag as error:
        raise ValueError(f"row {row_id} does not hold: it was changed") from error
    found: dict[str, str] = json.loads(zlib.decompress(packed))
    return found


def subject_digest(key: LogKey, codice_fiscale: str) -> bytes:
    return hmac.new(key.secret, b"soggetto:" + codice_fiscale.encode(), sha256).digest()


async def append(connection: psycopg.AsyncConnection[Any], key: LogKey, row: LogRow) -> None:
    row_id = uuid7()
    await connection.execute(
        "INSERT INTO spid_registro (id, schema, idp, esito, richiesta_id, risposta_id, asserzione_id, soggetto, chiave,"
        " contenuto) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (row_id, row.schema, row.idp, row.esito, row.richiesta_id, row.risposta_id[:256], row.asserzione_id,
         subject_digest(key, row.codice_fiscale) if row.codice_fiscale else None, key.id, seal(key, row_id, row)),
    )  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What an authority asks for. Empty fields do not narrow."""

    since: datetime
    until: datetime
    codice_fiscale: str = ""
    richiesta_id: str = ""


def read_log(
    connection: psycopg.Connection[Any], keys: Sequence[LogKey], question: Question, who: str, reason: str
) -> Iterator[dict[str, str]]:
    """Rows in clear, oldest first; that they were read, by whom and why is written before. Raises as `unseal` does."""
    rows = _select(connection, keys, question)
    with connection.transaction():
        connection.execute(
            "INSERT INTO spid_consultazioni (id, chi, motivo, righe) VALUES (%s, %s, %s, %s)",
            (uuid7(), who, reason, len(rows)),
        )
    for row in rows:
        clear = unseal(keys, row["chiave"], row["id"], bytes(row["contenuto"]))
        clear |= {
            name: b64decode(clear[name]).decode("utf-8", "replace") for name in ("richiesta", "risposta")
        }
        told = ("schema", "idp", "esito", "richiesta_id", "risposta_id", "asserzione_id")
        yield {"quando": row["quando"].isoformat()} | {name: row[name] for name in told} | clear


def _select(
    connection: psycopg.Connection[Any], keys: Sequence[LogKey], question: Question
) -> list[dict[str, Any]]:
    subjects = [subject_digest(key, question.codice_fiscale) for key in keys]
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "SELECT * FROM spid_registro WHERE quando >= %s AND quando < %s"
            " AND (%s OR soggetto = ANY(%s)) AND (%s = '' OR richiesta_id = %s) ORDER BY quando, id",
            (question.since, question.until, not question.codice_fiscale, subjects, question.richiesta_id,
             question.richiesta_id),
        )  # fmt: skip
        return cursor.fetchall()


def purge(connection: psycopg.Connection[Any]) -> int:
    """Removes what is older than 24 months (the database itself refuses to lose anything younger)."""
    cursor = connection.execute(
        "DELETE FROM spid_registro WHERE quando < now() - make_interval(months => %s)", (MONTHS_KEPT,)
    )
    return cursor.rowcount
