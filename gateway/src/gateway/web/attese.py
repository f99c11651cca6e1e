"""What waits for a person besides his alerts: to be decided, approved, looked at. The first page begins with it."""

import asyncio
from dataclasses import dataclass

from starlette.requests import Request

from contracts.anagrafe import CaricamentiOut, ListCaricamenti, StatoCaricamento
from gateway.accessi import verifiche
from gateway.accessi.anomalie import count_open
from gateway.accessi.ricerca import with_connection
from gateway.auth import Caller
from gateway.macchine import registry
from gateway.operatori.rules import SCRIVI
from gateway.politica.versione import PROPOSTA
from gateway.politica.versioni import Versioni
from gateway.web.formats import plural
from gateway.web.page import Gathering

LOG, POLICY, LOADS = "registro_accessi:leggi", "politica:approva", "caricamenti:approva"
NEEDED = (LOG, POLICY, SCRIVI, LOADS, "caricamenti:leggi")
"""Scopes of the first page for what is gathered here."""
NEWEST = 60
"""Files of the registry looked at: those of the last nights."""
ARRIVES = (
    ("presa_in_carico:leggi", "decessi, nascite e cambi di indirizzo delle persone che segui"),
    ("condivisioni:scrivi", "i casi che un altro settore vuole condividere con il tuo"),
    ("fogli:approva", "gli interventi da approvare"),
    ("liquidazioni:scrivi", "i pagamenti che hai proposto e aspettano"),
    ("liquidazioni:liquida", "i pagamenti da liquidare"),
    ("emergenze:approva", "le emergenze da firmare"),
    (LOG, "gli accessi da guardare e il riepilogo della settimana"),
    (POLICY, "le modifiche alla politica di accesso che un’altra persona propone"),
    (SCRIVI, "i sistemi collegati da approvare"),
    (LOADS, "i file dell’anagrafe che aspettano una persona"),
)  # fmt: skip


@dataclass(frozen=True)
class Attesa:
    """One line: what waits, and where it is dealt with."""

    cosa: str
    url: str


def arriving(caller: Caller) -> str:
    """What the first page of this person is for: „Qui arrivano …“."""
    found = [words for scope, words in ARRIVES if caller.can(scope)]
    return " e ".join(filter(None, (", ".join(found[:-1]), *found[-1:])))


async def attese_of(request: Request, caller: Caller, gathering: Gathering) -> list[Attesa]:
    """The caller's, the gravest first."""
    parts = await asyncio.gather(
        _of_the_log(request, caller),
        _of_the_policy(request, caller),
        _of_the_machines(request, caller),
        _of_the_loads(caller, gathering),
    )
    return [one for part in parts for one in part]


async def _of_the_log(request: Request, caller: Caller) -> list[Attesa]:
    if caller.ente not in caller.enti(LOG):
        return []
    found = []
    if any(one.anomalie for one in await with_connection(request, verifiche.newest)):
        found.append(
            Attesa("Il registro degli accessi non torna in qualche punto", "/registro-accessi/integrita")
        )
    if new := await with_connection(request, lambda connection: count_open(connection, caller.ente)):
        words = plural(new, "segnalazione nuova", "segnalazioni nuove")
        found.append(Attesa(f"{words} sugli accessi", "/registro-accessi/anomalie?stato=nuova"))
    return found


async def _of_the_policy(request: Request, caller: Caller) -> list[Attesa]:
    """Proposals, and requests to undo, of somebody else."""
    if POLICY not in caller.extents:
        return []
    found, me = [], caller.operatore_id
    for one in await Versioni(request.app.state.gateway.pool).list():
        if one.stato == PROPOSTA and one.autore_id != me:
            words = f"Politica di accesso, versione {one.version}, proposta da {one.autore}: da decidere"
            found.append(Attesa(words, f"/politica/{one.version}"))
        elif one.programmata and one.annullo_chiesto_da not in (None, me):
            words = (
                f"Politica di accesso, versione {one.version}: {one.annullo_richiedente} chiede di annullarla"
            )
            found.append(Attesa(words, f"/politica/{one.version}"))
    return found


async def _of_the_machines(request: Request, caller: Caller) -> list[Attesa]:
    """Systems, and new keys of those at work, that somebody else has proposed."""
    enti, me = caller.enti(SCRIVI), caller.operatore_id
    found = []
    for one in await registry.list_clienti(request.app.state.gateway, enti) if enti else []:
        if one.stato == "proposto" and one.proposto_da != me:
            found.append(Attesa(f"Sistema collegato „{one.nome}“: da approvare", f"/clienti/{one.id}"))
        elif one.stato == "attivo" and set(one.chiavi_proposte_da) - {me}:
            words = f"Sistema collegato „{one.nome}“: una chiave nuova da approvare"
            found.append(Attesa(words, f"/clienti/{one.id}"))
    return found


async def _of_the_loads(caller: Caller, gathering: Gathering) -> list[Attesa]:
    if LOADS not in caller.extents or "caricamenti:leggi" not in caller.extents:
        return []
    answer: CaricamentiOut = await gathering.optional(
        "i caricamenti",
        caller.call("anagrafe", "list_caricamenti", ListCaricamenti(limite=NEWEST)),
        CaricamentiOut(caricamenti=(), totale=0),
    )
    waiting = sum(one.stato is StatoCaricamento.IN_ATTESA for one in answer.caricamenti)
    if not waiting:
        return []
    return [Attesa(f"{plural(waiting, 'file', 'file')} dell’anagrafe da lasciar passare o no", "/notte")]
