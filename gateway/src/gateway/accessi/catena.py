"""What ties the rows of the access log together: a chain of hashes per process and day.

A chain says in its opening which columns its hashes cover (`formato`): columns added later are covered in later
chains, and older rows keep the hash they were written with. A chain lives a day at most: so who seals looks at few
chains, and a month that goes takes whole chains with it, save those of its last night.
"""

import json
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from gateway.accessi.row import COLUMNS, plain

FORMATI: dict[int, tuple[str, ...]] = {1: COLUMNS[:21], 2: COLUMNS}
"""Columns by format, in the order they are hashed; what is here never changes, a new column is a new format."""
FORMATO = max(FORMATI)
"""Of chains that begin now."""
LIFE = timedelta(days=1)
"""No row is written to an older chain."""
REMEMBERED = timedelta(days=3)
"""Chains begun this long ago may still have grown: a new chain and a seal look back so far, with room to spare."""


def canonical(row: dict[str, Any], formato: int) -> bytes:
    """The bytes the hash is taken of: the columns' plain values, in order, as compact JSON."""
    return json.dumps(
        [plain(row[name]) for name in FORMATI[formato]], ensure_ascii=False, separators=(",", ":")
    ).encode()


def chain_hash(previous: bytes, row: dict[str, Any], formato: int = FORMATO) -> bytes:
    return sha256(previous + canonical(row, formato)).digest()


def opening_hash(catena: UUID, aperta_il: datetime, teste: dict[str, Any], formato: int = FORMATO) -> bytes:
    """Start of a chain: names the last row of every chain then alive, so that none can vanish unseen."""
    content: list[Any] = [str(catena), plain(aperta_il), json.dumps(teste, sort_keys=True)]
    if formato > 1:
        content.append(formato)
    return sha256(json.dumps(content, separators=(",", ":")).encode()).digest()
