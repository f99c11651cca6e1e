"""What a version of the policy says, as plain data, and the words it is made of."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from contracts.mandato import AZIONI, SEZIONI, Extent
from gateway.politica.iniziale import RULES, rules

TERRITORI = ("ambito", "provincia")
LIVELLI = (1, 2, 3)
DEFAULT_LEVEL = 2
RUOLO = re.compile(r"[a-z][a-z_]{1,39}")
ENTE = re.compile(r"[A-Z][0-9]{3}")
CODICE = re.compile(r"[A-Za-z0-9_-]{1,40}")
USUAL = frozenset(
    {f"{sezione}:{azione}" for _, sezione, azione, _ in rules()} | {f"{s}:leggi" for s in SEZIONI}
)
"""Scopes that mean something: those some role starts with, and reading of every section."""

Regole = dict[str, dict[str, Extent]]
Territori = dict[str, dict[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Contenuto:
    """`regole`: ruolo → scope → extent (never `nessuno`). `territori`: ambito, provincia → codice → Belfiore codes.
    `livelli`: ruolo → least SPID level, where it is not 2."""

    regole: Regole = field(default_factory=dict)
    territori: Territori = field(default_factory=lambda: {tipo: {} for tipo in TERRITORI})
    livelli: dict[str, int] = field(default_factory=dict)

    def extent(self, ruolo: str, scope: str) -> Extent:
        return self.regole.get(ruolo, {}).get(scope, Extent.NESSUNO)

    def livello(self, ruolo: str) -> int:
        return self.livelli.get(ruolo, DEFAULT_LEVEL)

    def enti(self, extent: Extent, ente: str) -> frozenset[str]:
        """Belfiore codes reached as a whole by an extent of somebody who works in `ente`."""
        if extent is Extent.ENTE:
            return frozenset((ente,))
        if extent not in (Extent.AMBITO, Extent.PROVINCIA):
            return frozenset()
        groups = self.territori[extent.value].values()
        return frozenset(next((enti for enti in groups if ente in enti), ()))

    def ruoli(self) -> tuple[str, ...]:
        """Those of the house, then whatever else is named here."""
        return tuple(dict.fromkeys((*RULES, *sorted({*self.regole, *self.livelli}))))

    def scopes(self) -> tuple[str, ...]:
        """Scopes worth a cell in the table, section by section."""
        used = USUAL | {scope for own in self.regole.values() for scope in own}
        return tuple(s for sezione in SEZIONI for azione in AZIONI if (s := f"{sezione}:{azione}") in used)

    def with_ruolo(self, ruolo: str, own: dict[str, Extent]) -> "Contenuto":
        kept: dict[str, Extent] = {
            scope: extent for scope, extent in own.items() if extent is not Extent.NESSUNO
        }
        return replace(self, regole={**self.regole, ruolo: kept})

    def with_livelli(self, livelli: dict[str, int]) -> "Contenuto":
        return replace(self, livelli={r: level for r, level in livelli.items() if level != DEFAULT_LEVEL})

    def with_territori(self, territori: Territori) -> "Contenuto":
        return replace(self, territori=territori)


def is_scope(scope: str) -> bool:
    sezione, _, azione = scope.partition(":")
    return sezione in SEZIONI and azione in AZIONI


async def read_contenuto(connection: psycopg.AsyncConnection[Any], version: int) -> Contenuto:
    """ValueError for a word that is not an extent: a policy with one opens nothing."""
    regole: Regole = {}
    territori: dict[str, dict[str, list[str]]] = {tipo: {} for tipo in TERRITORI}
    cursor = await connection.execute(
        "SELECT ruolo, sezione, azione, estensione FROM politica_regole WHERE version = %s"
        " ORDER BY ruolo, sezione, azione",
        (version,),
    )
    for ruolo, sezione, azione, estensione in await cursor.fetchall():
        regole.setdefault(ruolo, {})[f"{sezione}:{azione}"] = Extent(estensione)
    cursor = await connection.execute(
        "SELECT tipo, codice, ente FROM politica_territori WHERE version = %s ORDER BY tipo, codice, ente",
        (version,),
    )
    for tipo, codice, ente in await cursor.fetchall():
        territori[tipo].setdefault(codice, []).append(ente)
    cursor = await connection.execute(
        "SELECT ruolo, livello FROM politica_ruoli WHERE version = %s", (version,)
    )
    livelli: dict[str, int] = dict(await cursor.fetchall())
    found = {
        tipo: {codice: tuple(enti) for codice, enti in groups.items()} for tipo, groups in territori.items()
    }
    return Contenuto(regole, found, livelli)


async def write_contenuto(
    connection: psycopg.AsyncConnection[Any], version: int, contenuto: Contenuto
) -> None:
    """Puts this content in the place of what a draft held; inside the caller's transaction."""
    async with connection.cursor() as cursor:
        for table in ("politica_regole", "politica_territori", "politica_ruoli"):
            await cursor.execute(f"DELETE FROM {table} WHERE version = %s", (version,))
        await cursor.executemany(
            "INSERT INTO politica_regole (version, ruolo, sezione, azione, estensione) VALUES (%s, %s, %s, %s, %s)",
            [
                (version, ruolo, *scope.split(":"), extent.value)
                for ruolo, own in contenuto.regole.items()
                for scope, extent in own.items()
            ],
        )
        await cursor.executemany(
            "INSERT INTO politica_territori (version, tipo, codice, ente) VALUES (%s, %s, %s, %s)",
            [
                (version, tipo, codice, ente)
                for tipo, groups in contenuto.territori.items()
                for codice, enti in groups.items()
                for ente in enti
            ],
        )
        await cursor.executemany(
            "INSERT INTO politica_ruoli (version, ruolo, livello) VALUES (%s, %s, %s)",
            [(version, ruolo, livello) for ruolo, livello in contenuto.livelli.items()],
        )
