"""Why an operator opened a case that is not his own: asked once a day, remembered here (design 5.7)."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg_pool import AsyncConnectionPool

from contracts.errors import Invalid

ROMA = ZoneInfo("Europe/Rome")
MOTIVO_RICHIESTO = "accesso.motivo_richiesto"
KEPT = 10_000
"""Reasons remembered in memory; beyond, all are forgotten and read again."""
MOTIVI = {
    "sostituzione": "Sostituzione di un collega",
    "coordinatore": "Richiesta di chi coordina",
    "segretariato": "Turno di segretariato",
    "approvazione": "Intervento da approvare",
    "autorita": "Richiesta dell’autorità giudiziaria",
}
"""The short list; besides it "altro", in one's own words."""
ALTRO = "altro"
MIN_TESTO = 10
MIN_API = 5
"""Characters of a reason that a program sends: it may have codes of its own, but not a full stop."""
LONGEST = 500


def motivo_of(scelta: str, testo: str) -> str:
    """The reason as it is kept: one of the short list, with or without more words, or one's own words."""
    testo = " ".join(testo.split())
    if scelta != ALTRO and scelta not in MOTIVI:
        message = "Scegli perché apri questo caso."
        raise Invalid("accesso.motivo_mancante", message, fields={"scelta": message})
    if scelta == ALTRO and len(testo) < MIN_TESTO:
        message = "Scrivi in poche parole perché lo apri: chi rivede gli accessi lo legge."
        raise Invalid("accesso.motivo_mancante", message, fields={"testo": message})
    if len(testo) > LONGEST - 50:
        message = f"Bastano {LONGEST - 50} caratteri: accorcia un po’."
        raise Invalid("accesso.motivo_lungo", message, fields={"testo": message})
    if scelta == ALTRO:
        return testo
    return f"{MOTIVI[scelta]}: {testo}" if testo else MOTIVI[scelta]


def motivo_of_header(text: str) -> str:
    """What `X-Motivo` says: a word of the short list or one's own words. Invalid when it says nothing."""
    text = " ".join(text.split())
    if text in MOTIVI:
        return MOTIVI[text]
    if len(text) < MIN_API:
        message = f"Il motivo è troppo breve: una voce dell’elenco ({', '.join(MOTIVI)}) o qualche parola."
        raise Invalid("accesso.motivo_mancante", message, fields={"X-Motivo": message})
    return text[:LONGEST]


class Motivi:
    def __init__(self, pool: AsyncConnectionPool) -> None:
        self.pool = pool
        self.known: dict[tuple[UUID, UUID, date], str] = {}

    def remembered(self, operatore_id: UUID, cartella_id: UUID) -> str:
        """The reason of today if this process has met it before, or ""."""
        return self.known.get((operatore_id, cartella_id, _today()), "")

    async def of_today(self, operatore_id: UUID, cartella_id: UUID) -> str:
        """The reason this operator wrote today for this case, or ""."""
        key = (operatore_id, cartella_id, _today())
        if key not in self.known:
            async with self.pool.connection() as connection:
                cursor = await connection.execute(
                    "SELECT motivo FROM motivi_accesso WHERE operatore_id = %s AND cartella_id = %s AND giorno = %s",
                    key,
                )
                row = await cursor.fetchone()
            if row is None:
                return ""
            self._remember(key, row[0])
        return self.known[key]

    async def keep(self, operatore_id: UUID, cartella_id: UUID, motivo: str) -> None:
        """The reason of today; a second one the same day replaces it (the access log keeps both)."""
        key = (operatore_id, cartella_id, _today())
        motivo = motivo.replace("\x00", "")[:LONGEST]
        if self.known.get(key) == motivo:
            return
        async with self.pool.connection() as connection:
            await connection.execute(
                "INSERT INTO motivi_accesso (operatore_id, cartella_id, giorno, motivo) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (operatore_id, cartella_id, giorno) DO UPDATE SET motivo = excluded.motivo",
                (*key, motivo),
            )
        self._remember(key, motivo)

    def _remember(self, key: tuple[UUID, UUID, date], motivo: str) -> None:
        if len(self.known) >= KEPT:
            self.known.clear()
        self.known[key] = motivo


def _today() -> date:
    """The day in Italy: a reason written at midnight serves until the next."""
    return datetime.now(ROMA).date()
