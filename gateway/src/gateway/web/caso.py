"""The head of the case: what stands above every section, gathered side by side."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from contracts.anagrafe import GetResidente, ResidenteOut
from contracts.cartella import CartellaOut, GetCartella, IseeListOut, IseeOut, ListIsee, StatoCartella
from contracts.condivisioni import AccessoOut, ExplainAccesso, TipoRegola
from contracts.erogazioni import Carattere, FoglioOut, FogliOut, ListFogli, StatoFoglio
from contracts.errors import NotFound
from contracts.notifiche import AvvisiOut, AvvisoOut, ListAvvisi
from gateway.auth import Authorize, Caller
from gateway.web import formats
from gateway.web.page import Gathering, nothing, page_scope, respond
from gateway.web.people import operator_name, residents

HEAD_SCOPES = ("anagrafe:leggi", "isee:leggi", "fogli:leggi", "diario:leggi", "documenti:leggi")

TABS = (
    ("cronologia", "Cronologia", "", "presa_in_carico:leggi"),
    ("diario", "Diario", "/diario", "diario:leggi"),
    ("interventi", "Interventi", "/interventi", "fogli:leggi"),
    ("isee", "ISEE", "/isee", "isee:leggi"),
    ("documenti", "Documenti", "/documenti", "documenti:leggi"),
    ("famiglia", "Famiglia", "/famiglia", "anagrafe:leggi"),
    ("carico", "Carico", "/carico", "presa_in_carico:leggi"),
    ("stampa", "Stampa", "/stampa", "stampe:stampa"),
    ("accessi", "Chi ha visto", "/accessi", "presa_in_carico:leggi"),
)
ALWAYS = ("cronologia", "famiglia")
"""Tabs of a case that is only partly open: those of its open sections, and these."""


def case_scope(*scopes: str, optional: tuple[str, ...] = (), body_limit: int | None = None) -> Authorize:
    """`authorize` for a page of the case: the case itself, the section's scopes, and what its head shows."""
    return page_scope(
        *dict.fromkeys((*scopes, "presa_in_carico:leggi")),
        optional=(*HEAD_SCOPES, *optional),
        body_limit=body_limit,
    )


@dataclass
class Caso:
    """What the head of a case shows."""

    cartella: CartellaOut
    residente: ResidenteOut | None = None
    alerts: list[AvvisoOut] = field(default_factory=list)
    alert_names: dict[UUID, str] = field(default_factory=dict)
    isee: IseeOut | None = None
    fogli: list[FoglioOut] = field(default_factory=list)
    responsabile: str = ""
    accesso: AccessoOut | None = None
    """Why the case is seen, where it is not open as a whole."""
    tabs: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def nome(self) -> str:
        return formats.full_name(self.residente) if self.residente else f"Caso {self.cartella.numero}"

    @property
    def url(self) -> str:
        return f"/casi/{self.cartella.id}"

    @property
    def closed(self) -> bool:
        return self.cartella.stato is StatoCartella.CHIUSA

    @property
    def whole(self) -> bool:
        """Open by role: by a grant, or for single entries, one sees a part and changes nothing of the case itself."""
        return self.accesso is None

    def writes(self, sezione: str) -> bool:
        """Whether to show what writes in a section: a grant may be for reading alone. Cartella decides again."""
        if self.accesso is None:
            return True
        return any(grant.scrive and sezione in grant.sezioni for grant in self.accesso.condivisioni)

    @property
    def fino_al(self) -> datetime | None:
        """Until when a grant opens it; None where none does."""
        return max((grant.al for grant in self.accesso.condivisioni), default=None) if self.accesso else None

    @property
    def essentials(self) -> list[str]:
        """The few facts one wants at a glance: money that runs, the ISEE and until when."""
        lines = []
        for foglio in self.fogli:
            rate = "/mese" if foglio.carattere is Carattere.PERIODICO else ""
            until = f" fino al {formats.day(foglio.al)}" if foglio.al else ""
            lines.append(f"{formats.euro(foglio.importo)}{rate} {foglio.voce_nome.lower()}{until}")
        if self.isee:
            valid = self.isee.scadenza >= formats.today()
            word = "valido fino al" if valid else "scaduto il"
            lines.append(f"ISEE {formats.euro(self.isee.isee)} {word} {formats.day(self.isee.scadenza)}")
        return lines


async def load_caso(caller: Caller, cartella_id: UUID, whole: bool = False) -> tuple[Caso, Gathering]:
    """The case with its head. Raises NotFound when it does not exist for this person, or (`whole`) only a part does."""
    gathering = Gathering()
    cartella: CartellaOut = await caller.call(
        "cartella", "get_cartella", GetCartella(cartella_id=cartella_id)
    )
    caller.touch(cartella_id=cartella_id, residente_id=cartella.residente_id)
    accesso: AccessoOut | None = None
    if cartella.version == 0:  # a part of it: cartella keeps the version to itself
        if whole:
            raise NotFound("cartella.non_trovata", "Caso non trovato.")
        accesso = await caller.call("cartella", "explain_accesso", ExplainAccesso(cartella_id=cartella_id))
    residente, avvisi, isee, fogli, names = await asyncio.gather(
        _if(caller, "anagrafe:leggi", gathering, "i dati anagrafici", None,
            "anagrafe", "get_residente", GetResidente(residente_id=cartella.residente_id)),
        _if(caller, "avvisi:leggi", gathering, "gli avvisi", AvvisiOut(avvisi=(), totale=0, non_letti=0),
            "notifiche", "list_avvisi", ListAvvisi(cartella_id=cartella_id, limite=5)),
        _if(caller, "isee:leggi", gathering, "l’ISEE", IseeListOut(isee=()),
            "cartella", "list_isee", ListIsee(cartella_id=cartella_id)),
        _if(caller, "fogli:leggi", gathering, "gli interventi", FogliOut(fogli=(), totale=0),
            "erogazioni", "list_fogli", ListFogli(cartella_id=cartella_id, stato=StatoFoglio.APPROVATO, limite=5)),
        caller.nomi([cartella.responsabile_id, *cartella.team]),
    )  # fmt: skip
    to_confirm = [avviso for avviso in avvisi.avvisi if avviso.da_confermare]
    return Caso(
        cartella=cartella,
        residente=residente,
        alerts=to_confirm,
        alert_names=await _alert_names(caller, gathering, residente, to_confirm),
        isee=next(iter(isee.isee), None),
        fogli=[f for f in fogli.fogli if f.al is None or f.al >= formats.today()],
        responsabile=operator_name(names, cartella.responsabile_id, caller),
        accesso=accesso,
        tabs=[
            (key, text, f"/casi/{cartella_id}{end}")
            for key, text, end, scope in TABS
            if caller.can(scope) and (accesso is None or _is_open(key, scope, accesso))
        ],
    ), gathering


def _is_open(tab: str, scope: str, accesso: AccessoOut) -> bool:
    """Whether a tab leads anywhere for whom only a part of the case is open."""
    sections = {sezione for grant in accesso.condivisioni for sezione in grant.sezioni}
    for rule in accesso.regole:
        if rule.tipo is TipoRegola.VOCE_RISERVATA:
            sections.update(rule.sezioni)
    return tab in ALWAYS or (tab not in ("carico", "accessi") and scope.partition(":")[0] in sections)


async def _alert_names(
    caller: Caller, gathering: Gathering, residente: ResidenteOut | None, alerts: list[AvvisoOut]
) -> dict[UUID, str]:
    """Name and kinship of whom the alerts are about. Who has left the household is asked for apart."""
    family = residente.nucleo if residente else ()
    names = {
        c.id: formats.full_name(c) + (f" ({c.relazione_nome.lower()})" if c.relazione_nome else "")
        for c in family
    }
    if residente:
        names[residente.id] = formats.full_name(residente)
    gone = [a.residente_id for a in alerts if a.residente_id and a.residente_id not in names]
    if gone and "anagrafe:leggi" in caller.scopes:
        found = await gathering.optional("i nomi", residents(caller, gone), {})
        names |= {residente_id: formats.full_name(person) for residente_id, person in found.items()}
    return names


async def _if(
    caller: Caller,
    scope: str,
    gathering: Gathering,
    what: str,
    otherwise: Any,
    service: str,
    method: str,
    request: Any,
) -> Any:
    """The answer of one service, if the person may ask for it and it answers."""
    if not caller.can(scope) or scope not in caller.scopes:
        return await nothing(otherwise)
    return await gathering.optional(what, caller.call(service, method, request), otherwise)


async def respond_caso(
    request: Request,
    caller: Caller,
    caso: Caso,
    gathering: Gathering,
    tab: str,
    template: str,
    **context: Any,
) -> Response:
    """A page of the case. Its title has the section and the case number, never the person: browsers keep titles."""
    text = next((text for key, text, _ in caso.tabs if key == tab), tab.capitalize())
    return await respond(
        request, caller, f"pagine/caso/{template}", section="casi", caso=caso, tab=tab, mancanti=gathering.missing,
        bozza=caso.cartella.id, **{"title": f"{text}, caso {caso.cartella.numero}", **context},
    )  # fmt: skip
