"""`chassis job gateway …`: what runs apart from the process that answers."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from time import monotonic

import psycopg

from gateway import solleciti
from gateway.accessi import Verifica, notaio, verify
from gateway.accessi.scarti import discard_expired, expired_months, list_discards
from gateway.accessi.settings import SealSettings
from gateway.accessi.sigilli import Connection, from_groups, get_seal, in_groups, last_seal
from gateway.politica.caselle import settings_of
from gateway.politica.contenuto import read_contenuto
from gateway.settings import Settings
from gateway.spid.jobs import (  # noqa: F401 - found here by name
    pin_idp,
    purge_spid,
    read_spid_log,
    refresh_idp,
    spid_certificate,
)

IN_FORCE = "SELECT max(version) FROM politiche WHERE attiva_dal <= now() AND stato = 'approvata'"


def minuto(secondi: str = "0") -> int:
    """The notaio's turn, once a minute: seal, verify what came in, remind; 1 when something does not hold. What is left
    of `secondi` it waits for whole verifications: one that is asked for meanwhile begins at once."""
    until = monotonic() + float(secondi)
    code = max([asyncio.run(notaio.minute(SealSettings())), remind_emergenze()])
    asyncio.run(notaio.attend(SealSettings(), until))
    return code


def remind_emergenze() -> int:
    """Says again, each morning, which emergencies nobody has signed."""

    async def run(connection: Connection) -> int:
        await solleciti.remind(connection)
        return 0

    return _with_connection(run, SealSettings())


def verify_accessi(numero: str = "", impronta: str = "") -> int:
    """Walks the whole access log and prints one JSON object; 1 when something does not hold.

    `numero`, `impronta`: a seal kept elsewhere, that the log must still know.
    """
    settings = SealSettings()

    async def run(connection: Connection) -> int:
        found: Verifica = await verify(connection, settings.verifier())
        outcome = asdict(found) | {"integro": found.integro}
        same = True
        if numero:
            kept = await get_seal(connection, int(numero)) if numero.isdecimal() else None
            same = kept is not None and kept.hash == from_groups(impronta)
            outcome["sigillo_conservato"] = "uguale" if same else "diverso" if kept else "assente"
        _say(json.dumps(outcome))
        return 0 if found.integro and same else 1

    return _with_connection(run)


def sigillo(numero: str = "") -> int:
    """Prints a seal (the newest, or the one asked for) to be kept elsewhere; 1 when there is none."""

    async def run(connection: Connection) -> int:
        wanted = int(numero) if numero.isdecimal() else 0
        found = await (get_seal(connection, wanted) if numero else last_seal(connection))
        if found is None:
            _say("Nessun sigillo.")
            return 1
        _say(
            f"Sigillo {found.numero} del {found.momento.isoformat(timespec='seconds')}\nImpronta:\n"
            f"{in_groups(found.hash)}\nChiave {found.chiave}\nFirma {found.firma.hex()}"
        )
        return 0

    return _with_connection(run)


def chiave_sigilli() -> int:
    """Prints the public key that verifies the seals."""
    _say(SealSettings().signer().public_pem.rstrip())
    return 0


def scarta_accessi() -> int:
    """Discards the months of the access log past their term, each with a signed record; 1 when one had to stay."""
    settings = SealSettings()

    async def run(connection: Connection) -> int:
        broken = (
            (await verify(connection, settings.verifier())).anomalie
            if await expired_months(connection)
            else ()
        )
        done, found = await discard_expired(connection, settings.signer(), broken)
        for one in done:
            _say(f"{one.mese:%Y-%m}: {one.righe} righe scartate")
        for kept in found:
            _say(f"{kept.catena} {kept.seq}: {kept.motivo}")
        return 1 if found else 0

    return _with_connection(run, settings)


def scarti() -> int:
    """Prints what was discarded: month, rows, chains, when, by which key signed."""

    async def run(connection: Connection) -> int:
        for one in await list_discards(connection):
            when = one.quando.isoformat(timespec="seconds")
            _say(f"{one.mese:%Y-%m}  righe {one.righe}  catene {one.catene}  il {when}  chiave {one.chiave}")
        return 0

    return _with_connection(run)


def caselle() -> int:
    """Prints, as environment variables of notifiche, who may be mailed of an inbox by the policy in force; 1 when no
    policy is in force."""

    async def run(connection: Connection) -> int:
        row = await (await connection.execute(IN_FORCE)).fetchone()
        if row is None or row[0] is None:
            return 1
        for name, value in settings_of(await read_contenuto(connection, row[0])).items():
            _say(f"{name}={value}")
        return 0

    return _with_connection(run)


def pulizia() -> int:
    """Every night: what has run out goes: sessions and the SPID log. Months of the access log are the notaio's."""
    return max([purge_sessioni(), purge_spid()])


def purge_sessioni() -> int:
    """Removes sessions that ended more than a day ago; one in which an emergency was opened stays with it."""
    with psycopg.connect(Settings().dsn) as connection:
        connection.execute(
            "DELETE FROM sessioni s WHERE least(scade_il, coalesce(revocata_il, scade_il)) < now() - interval '1 day'"
            " AND NOT EXISTS (SELECT 1 FROM emergenze e WHERE e.session_id = s.id)"
        )
    return 0


def _with_connection(run: Callable[[Connection], Awaitable[int]], settings: Settings | None = None) -> int:
    """As gateway_app, or as who stands in `settings`."""

    async def connected() -> int:
        dsn = (settings or Settings()).dsn
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            return await run(connection)

    return asyncio.run(connected())


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
