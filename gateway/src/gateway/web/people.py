"""Names for ids: residents from the registry, operators from the gateway, both asked once per page."""

from collections.abc import Iterable
from uuid import UUID

from contracts.anagrafe import GetResidenti, ResidenteOut, ResidentiOut
from gateway.auth import Caller
from gateway.web.formats import full_name

CHUNK = 500


async def residents(caller: Caller, ids: Iterable[UUID | None]) -> dict[UUID, ResidenteOut]:
    """Visible residents by id; whom the mandate does not reach is simply not there."""
    wanted = tuple(dict.fromkeys(i for i in ids if i is not None))
    if not wanted or not caller.can("anagrafe:leggi"):
        return {}
    found: dict[UUID, ResidenteOut] = {}
    for start in range(0, len(wanted), CHUNK):
        request = GetResidenti(residenti_id=wanted[start : start + CHUNK])
        answer: ResidentiOut = await caller.call("anagrafe", "get_residenti", request)
        found |= {residente.id: residente for residente in answer.residenti}
    return found


def name_of(people: dict[UUID, ResidenteOut], residente_id: UUID | None) -> str:
    """COGNOME Nome, or a neutral word for who is out of sight."""
    found = people.get(residente_id) if residente_id else None
    return full_name(found) if found else "persona non visibile"


def operator_name(names: dict[UUID, str], operatore_id: UUID | None, caller: Caller, me: str = "tu") -> str:
    """ "tu" for the reader, the name for the others, nothing for nobody."""
    if operatore_id is None:
        return ""
    if operatore_id == caller.operatore_id:
        return me
    return names.get(operatore_id, "operatore non più attivo")
