"""Sessions in PostgreSQL: a random token whose SHA-256 alone is stored; idle and absolute limits.

A session belongs to an operator (in one incarico, perhaps standing in for an absent colleague; none while he still has
to choose), to a citizen, or to a machine client.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from psycopg import OperationalError
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from uuid_utils.compat import uuid7

from gateway.db import TODAY

TOUCH_EVERY = timedelta(seconds=60)
"""A session's last use is written at most this often (ten times in a short idle limit): reading stays one query."""

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
"""What a token looks like; anything else is not even looked up."""

NOBODY = UUID(int=0)
"""In place of an incarico where there is none: a citizen, an operator who has not chosen yet."""

ALIVE = "s.revocata_il IS NULL AND s.scade_il > now() AND s.ultimo_uso > now() - s.inattivita"
IN_FORCE = f"revocato_il IS NULL AND {{0}}.dal <= {TODAY} AND ({{0}}.al IS NULL OR {{0}}.al >= {TODAY})"

JOINS = """
  FROM sessioni s
  LEFT JOIN operatori o ON o.id = s.operatore_id
  LEFT JOIN cittadini c ON c.id = s.cittadino_id
  LEFT JOIN clienti k ON k.id = s.client_id
  LEFT JOIN incarichi i ON i.id = s.incarico_id
  LEFT JOIN operatori t ON t.id = i.operatore_id
  LEFT JOIN deleghe d ON d.id = s.delega_id
"""
VALID = f"""
 {ALIVE} AND o.revocato_il IS NULL AND t.revocato_il IS NULL
   AND (s.client_id IS NULL OR k.approvato_il IS NOT NULL AND k.revocato_il IS NULL
                               AND (k.scade_il IS NULL OR k.scade_il > now()))
   AND (s.incarico_id IS NULL OR i.{IN_FORCE.format("i")})
   AND (s.delega_id IS NULL OR d.revocata_il IS NULL AND {TODAY} BETWEEN d.dal AND d.al)
"""
"""Nothing of what a session stands on has ended: session, person, incarico, delega, client."""
IDENTIFY = f"""
SELECT s.id AS session_id, s.tipo, s.ultimo_uso, s.inattivita, s.scade_il, s.livello, s.esclusi, s.esclusi_al,
       coalesce(s.operatore_id, s.cittadino_id, s.client_id) AS operatore_id,
       coalesce(o.nome || ' ' || o.cognome, c.nome || ' ' || c.cognome, k.nome) AS nome,
       coalesce(o.codice_fiscale, c.codice_fiscale, '') AS codice_fiscale,
       s.incarico_id, coalesce(i.ruolo, s.tipo) AS ruolo, coalesce(i.ente, k.ente, '') AS ente,
       coalesce(i.settore, k.settore, '') AS settore, coalesce(s.estensioni, k.estensioni) AS estensioni,
       coalesce(k.finalita, '') AS finalita,
       d.id IS NOT NULL AS delegato, i.operatore_id AS titolare_id,
       CASE WHEN d.id IS NOT NULL THEN t.nome || ' ' || t.cognome ELSE '' END AS titolare,
       (SELECT max(version) FROM politiche WHERE attiva_dal <= now() AND stato = 'approvata') AS policy_version,
       e.residente_id AS emergenza, e.scade_il AS emergenza_fino, coalesce(e.motivo, '') AS emergenza_motivo,
       e.id AS emergenza_id, coalesce(e.persona, '') AS emergenza_persona
{JOINS}  LEFT JOIN LATERAL (SELECT * FROM emergenze WHERE session_id = s.id AND incarico_id = s.incarico_id
                        AND chiusa_il IS NULL AND scade_il > now() ORDER BY aperta_il DESC LIMIT 1) e ON true
 WHERE {VALID}
"""
BY_TOKEN = f"{IDENTIFY} AND s.token_sha256 = %s"
BY_ID = f"{IDENTIFY} AND s.id = %s"


@dataclass(frozen=True, slots=True)
class Identity:
    """Session, person, incarico and policy version, read together.

    `tipo`: operatore, cittadino, client. `operatore_id`: of whoever acts (citizens and clients too). `esclusi` is None
    until the registry has been asked who lives with the operator. `estensioni`: scopes of a machine client.
    """

    session_id: UUID
    tipo: str
    ultimo_uso: datetime
    inattivita: timedelta
    scade_il: datetime
    livello: int
    esclusi: list[UUID] | None
    esclusi_al: datetime | None
    operatore_id: UUID
    nome: str
    codice_fiscale: str
    incarico_id: UUID | None
    ruolo: str
    ente: str
    settore: str
    estensioni: dict[str, str] | None
    finalita: str
    delegato: bool
    titolare_id: UUID | None
    titolare: str
    policy_version: int | None
    emergenza: UUID | None
    emergenza_fino: datetime | None
    emergenza_motivo: str
    emergenza_id: UUID | None = None
    emergenza_persona: str = ""

    @property
    def unwritten(self) -> bool:
        """Its last use lies far enough back that a new one has to be written down."""
        return datetime.now(UTC) - self.ultimo_uso > min(TOUCH_EVERY, self.inattivita / 10)

    def resta(self, used: bool = True) -> timedelta:
        """How long it lasts if nobody uses it any more: its idle limit, or its absolute one where that is nearer.
        `used`: this request counts as use."""
        now = datetime.now(UTC)
        idle_until = (now if used and self.unwritten else self.ultimo_uso) + self.inattivita
        return max(min(idle_until, self.scade_il) - now, timedelta())

    @property
    def undecided(self) -> bool:
        """An operator with several incarichi who has not said in which one he works now."""
        return self.tipo == "operatore" and self.incarico_id is None

    @property
    def in_delega_di(self) -> UUID | None:
        """The absent colleague he stands in for."""
        return self.titolare_id if self.delegato else None


@dataclass(frozen=True, slots=True)
class Sessione:
    """One open session as its owner sees it."""

    id: UUID
    creata_il: datetime
    ultimo_uso: datetime
    scade_il: datetime
    agente: str
    indirizzo: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new session is made of. Exactly one of `operatore_id`, `cittadino_id`, `client_id`.

    `schema`: spid, cie, dev, oauth. `name_id`, `session_index`, `idp`: what single logout needs. `estensioni`: of a
    client that asked for less than it has.
    """

    idle: timedelta
    absolute: timedelta
    operatore_id: UUID | None = None
    cittadino_id: UUID | None = None
    client_id: UUID | None = None
    incarico_id: UUID | None = None
    delega_id: UUID | None = None
    schema: str = "dev"
    livello: int = 2
    idp: str = ""
    name_id: str = ""
    session_index: str = ""
    estensioni: dict[str, str] | None = None

    @property
    def tipo(self) -> str:
        return "operatore" if self.operatore_id else "cittadino" if self.cittadino_id else "client"


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


class SessionStore:
    def __init__(self, pool: AsyncConnectionPool) -> None:
        self.pool = pool

    async def create(self, opening: Opening, agente: str = "", indirizzo: str = "") -> str:
        """Token of a new session; it is shown once and never stored."""
        token = secrets.token_urlsafe(32)
        values = {
            "id": uuid7(), "token_sha256": _digest(token), "tipo": opening.tipo, "inattivita": opening.idle,
            "operatore_id": opening.operatore_id, "cittadino_id": opening.cittadino_id,
            "client_id": opening.client_id, "incarico_id": opening.incarico_id, "delega_id": opening.delega_id,
            "schema": opening.schema, "livello": opening.livello, "idp": opening.idp, "name_id": opening.name_id,
            "session_index": opening.session_index, "agente": agente[:200], "indirizzo": indirizzo[:64],
            "estensioni": Jsonb(opening.estensioni) if opening.estensioni is not None else None,
        }  # fmt: skip
        columns, places = ", ".join(values), ", ".join(f"%({name})s" for name in values)
        async with self.pool.connection() as connection:
            await connection.execute(
                f"INSERT INTO sessioni ({columns}, scade_il) VALUES ({places}, now() + %(absolute)s)",
                values | {"absolute": opening.absolute},
            )
        return token

    async def identify(self, token: str, touch: bool = True) -> Identity | None:
        """Who holds this token, or None when the session, the operator or the incarico has ended. `touch`: a person is
        at work; what a page asks by itself keeps no session alive."""
        if not TOKEN.fullmatch(token):
            return None
        try:
            return await self._identify(token, touch)
        except PoolTimeout:
            raise
        except OperationalError:
            # The database was restarted: throw away its dead connections, then once more.
            await self.pool.check()
            return await self._identify(token, touch)

    async def _identify(self, token: str, touch: bool) -> Identity | None:
        async with self.pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Identity))
            await cursor.execute(BY_TOKEN, (_digest(token),))
            identity = await cursor.fetchone()
            if identity is not None and touch and identity.unwritten:
                await connection.execute(
                    "UPDATE sessioni SET ultimo_uso = now() WHERE id = %s", (identity.session_id,)
                )
        return identity

    async def choose(
        self, session_id: UUID, operatore_id: UUID, incarico_id: UUID, delega_id: UUID | None
    ) -> bool:
        """The operator works in this incarico from now on; emergencies of the one he leaves end. The caller has checked
        that it is his, or his by delega. False when the session has ended."""
        async with self.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "UPDATE sessioni SET incarico_id = %s, delega_id = %s"
                " WHERE id = %s AND operatore_id = %s AND revocata_il IS NULL",
                (incarico_id, delega_id, session_id, operatore_id),
            )
            await connection.execute(
                "UPDATE emergenze SET chiusa_il = now() WHERE session_id = %s AND chiusa_il IS NULL",
                (session_id,),
            )
            return cursor.rowcount == 1

    async def keep_esclusi(self, session_id: UUID, esclusi: Sequence[UUID]) -> None:
        """Who lives with the operator, as the registry said just now."""
        async with self.pool.connection() as connection:
            await connection.execute(
                "UPDATE sessioni SET esclusi = %s, esclusi_al = now() WHERE id = %s",
                (list(esclusi), session_id),
            )

    async def identify_again(self, session_id: UUID) -> Identity | None:
        """For long answers: who holds the session as he stands now, or None when it has ended. Counts as no use."""
        async with self.pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Identity))
            await cursor.execute(BY_ID, (session_id,))
            return await cursor.fetchone()

    async def list_open(self, persona_id: UUID) -> list[Sessione]:
        """Open sessions of an operator or a citizen, the latest used first."""
        async with self.pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(
                "SELECT s.id, s.creata_il, s.ultimo_uso, s.scade_il, s.agente, s.indirizzo FROM sessioni s"
                f" WHERE %s IN (s.operatore_id, s.cittadino_id) AND {ALIVE} ORDER BY s.ultimo_uso DESC",
                (persona_id,),
            )
            return [Sessione(**row) for row in await cursor.fetchall()]

    async def revoke(self, session_id: UUID, persona_id: UUID) -> bool:
        """Ends one of the person's own sessions; False when it is not his or has ended already."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(
                "UPDATE sessioni SET revocata_il = now()"
                " WHERE id = %s AND %s IN (operatore_id, cittadino_id, client_id) AND revocata_il IS NULL",
                (session_id, persona_id),
            )
            return cursor.rowcount == 1

    async def revoke_others(self, persona_id: UUID, kept: UUID | None = None) -> int:
        """Ends all sessions of the person except `kept`; how many."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(
                "UPDATE sessioni SET revocata_il = now() WHERE %s IN (operatore_id, cittadino_id)"
                " AND revocata_il IS NULL AND scade_il > now() AND id IS DISTINCT FROM %s",
                (persona_id, kept),
            )
            return cursor.rowcount

    async def revoke_named(self, idp: str, name_id: str) -> int:
        """Single logout asked by the identity provider: ends every session it opened for this subject."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(
                "UPDATE sessioni SET revocata_il = now()"
                " WHERE idp = %s AND name_id = %s AND name_id <> '' AND revocata_il IS NULL",
                (idp, name_id),
            )
            return cursor.rowcount
