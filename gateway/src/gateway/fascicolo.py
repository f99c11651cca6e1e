"""What the gateway adds to a command before passing it on: facts the registry knows, names of operators."""

from typing import Any
from uuid import UUID

from contracts.anagrafe import EntiOut, GetResidente, ListEnti, ResidenteOut
from contracts.cartella import Area, AssignCartella, CartellaOut, GetCartella, OpenCartella
from contracts.condivisioni import ProposeCondivisione
from contracts.documenti import RequestStampa, StampaOut
from contracts.errors import Invalid
from gateway.auth import Caller


async def open_cartella(
    caller: Caller,
    *,
    residente_id: UUID,
    area: Area,
    motivo: str,
    settore: str = "",
    idempotency_key: UUID | None = None,
) -> CartellaOut:
    """Opens a case for a person of the registry. Scopes `presa_in_carico:scrivi` and `anagrafe:leggi`."""
    residente: ResidenteOut = await caller.call(
        "anagrafe", "get_residente", GetResidente(residente_id=residente_id)
    )
    command = OpenCartella(
        idempotency_key=idempotency_key,
        residente_id=residente.id,
        comune_residenza=residente.indirizzo.comune or residente.ente,
        sesso=residente.sesso,
        anno_nascita=residente.data_nascita.year if residente.data_nascita else None,
        area=area,
        settore=settore or caller.settore,
        motivo=motivo,
    )
    cartella: CartellaOut = await caller.call("cartella", "open_cartella", command)
    return cartella


async def check_assignees(caller: Caller, command: AssignCartella) -> None:
    """Invalid unless whoever is named works in the caller's ente: who joins a team sees the case, and an alert to
    nobody is an alert nobody gets."""
    colleagues = {incarico.operatore_id for incarico in await caller.colleghi()}
    named: dict[str, set[UUID]] = {"team": set(command.team or ())}
    if command.responsabile_id is not None:
        named["responsabile_id"] = {command.responsabile_id}
    if fields := {
        name: "Scegli fra i colleghi del tuo ente." for name, ids in named.items() if ids - colleagues
    }:
        raise Invalid(
            "cartella.operatore_sconosciuto", "Questa persona non lavora nel tuo ente.", fields=fields
        )


async def check_settore(caller: Caller, settore: str | None) -> None:
    """Invalid unless somebody of the caller's ente works in that settore: what nobody may read is lost."""
    if settore and settore not in {incarico.settore for incarico in await caller.colleghi()}:
        raise Invalid(
            "voce.settore_sconosciuto",
            "Questo settore non c’è nel tuo ente.",
            fields={"settore_riservato": "Scegli uno dei settori del tuo ente."},
        )


async def check_receiver(caller: Caller, command: ProposeCondivisione) -> None:
    """Invalid unless somebody works in the settore a case is offered to, and the one person named does."""
    there = [i for i in await caller.incarichi(command.ente or caller.ente) if i.settore == command.settore]
    if not there:
        raise Invalid(
            "condivisione.settore_sconosciuto",
            "In questo settore non lavora nessuno.",
            fields={"settore": "Scegli uno dei settori dell’elenco."},
        )
    if command.operatore_id and command.operatore_id not in {i.operatore_id for i in there}:
        raise Invalid(
            "condivisione.operatore_sconosciuto",
            "Questa persona non lavora in quel settore.",
            fields={"operatore_id": "Scegli una persona che lavora nel settore indicato."},
        )


async def request_stampa(
    caller: Caller, cartella_id: UUID, sezioni: tuple[str, ...] | None = None, key: UUID | None = None
) -> StampaOut:
    """Asks for the case as PDF: cover lines from the registry, names of the operators it mentions.

    Scopes `stampe:stampa`, `presa_in_carico:leggi`, `anagrafe:leggi`, and `leggi` of each section printed.
    """
    cartella: CartellaOut = await caller.call(
        "cartella", "get_cartella", GetCartella(cartella_id=cartella_id)
    )
    residente: ResidenteOut = await caller.call(
        "anagrafe", "get_residente", GetResidente(residente_id=cartella.residente_id)
    )
    enti: EntiOut = await caller.call("anagrafe", "list_enti", ListEnti())
    operatori = {o.operatore_id: o.nome for o in await caller.colleghi()}
    operatori |= await caller.nomi([caller.operatore_id, cartella.responsabile_id, *cartella.team])
    values: dict[str, Any] = {"sezioni": sezioni} if sezioni is not None else {}
    command = RequestStampa(
        idempotency_key=key,
        cartella_id=cartella_id,
        intestatario=cover_lines(residente, cartella),
        ente_nome=next((ente.nome for ente in enti.enti if ente.codice == cartella.ente), ""),
        operatori={str(operatore_id): nome for operatore_id, nome in operatori.items()},
        **values,
    )
    stampa: StampaOut = await caller.call(
        "documenti", "request_stampa", command, also=("cartella", "erogazioni", "anagrafe")
    )
    return stampa


def cover_lines(residente: ResidenteOut, cartella: CartellaOut) -> dict[str, str]:
    """Label → value, in the order they stand on the cover; empty ones are left out."""
    indirizzo = residente.indirizzo
    lines = {
        "Cartella": cartella.numero,
        "Cognome e nome": f"{residente.cognome} {residente.nome}",
        "Codice fiscale": residente.codice_fiscale or "",
        "Nascita": residente.data_nascita.strftime("%d/%m/%Y") if residente.data_nascita else "",
        "Luogo di nascita": residente.luogo_nascita_nome,
        "Residenza": " ".join(p for p in (indirizzo.via, indirizzo.civico, indirizzo.comune_nome) if p),
    }
    return {label: value for label, value in lines.items() if value}
