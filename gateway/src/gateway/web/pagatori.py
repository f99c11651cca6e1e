"""Which offices must be lent a case of the second level, before what is proposed in it can be paid."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.requests import Request

from contracts.condivisioni import CondivisioneOut, CondivisioniOut, ListCondivisioni, StatoCondivisione
from gateway.auth import Caller
from gateway.web import formats, labels
from gateway.web.caso import Caso
from gateway.web.forms import Form
from gateway.web.page import Gathering

PAYS = ("liquidazioni:scrivi", "liquidazioni:liquida")
NEEDED = frozenset({"fogli", "liquidazioni"})
"""Sections an office works in."""
LOOKED_THROUGH = 500
FOR_PAYING = "pagamenti"
"""Value of `per` in the address of the form that lends a case to an office."""
WHY = "Per pagare gli interventi di questo caso"
LASTS = timedelta(days=364)
"""A grant lasts a year at most."""


@dataclass(frozen=True)
class Ufficio:
    """A settore that pays and does not see the case. `chiesta`: it was offered the case and has not answered."""

    settore: str
    url: str
    chiesta: bool


async def offices_to_ask(request: Request, caller: Caller, caso: Caso, gathering: Gathering) -> list[Ufficio]:
    """None for an ordinary case, and for who may not lend it."""
    case = caso.cartella
    if not (case.settore_riservato and caso.whole and "condivisioni:leggi" in caller.scopes):
        return []
    if not caller.can("condivisioni:scrivi"):
        return []
    wanted = ListCondivisioni(cartella_id=case.id, limite=LOOKED_THROUGH)
    answer: CondivisioniOut = await gathering.optional(
        "le condivisioni", caller.call("cartella", "list_condivisioni", wanted),
        CondivisioniOut(condivisioni=(), totale=0),
    )  # fmt: skip
    enough = [one for one in answer.condivisioni if _is_enough(one, case.ente)]
    lent = {one.settore for one in enough if one.stato is StatoCondivisione.ACCETTATA}
    asked = {one.settore for one in enough if one.stato is StatoCondivisione.PROPOSTA}
    return [
        Ufficio(
            labels.word(settore, "settore"),
            f"{caso.url}/condivisioni?{formats.query(per=FOR_PAYING, a=f'{case.ente}|{settore}')}",
            settore in asked,
        )
        for settore in sorted(await _paying(request, caller, case.ente) - lent - {case.settore})
    ]


def _is_enough(one: CondivisioneOut, ente: str) -> bool:
    """Whether it lets a whole office of this ente pay, now or once it is accepted."""
    over = one.stato is StatoCondivisione.ACCETTATA and one.al <= formats.now()
    return (
        one.ente == ente and one.operatore_id is None and one.scrive and NEEDED <= {*one.sezioni} and not over
    )


async def _paying(request: Request, caller: Caller, ente: str) -> set[str]:
    policy = await request.app.state.gateway.policies.current()
    return {
        one.settore for one in await caller.incarichi(ente) if one.settore and policy.extents(one.ruolo, PAYS)
    }


def prefilled(request: Request) -> Form:
    """The form that lends a case, as the address asks for it: words and sections are ours, never the address's."""
    if request.query_params.get("per") != FOR_PAYING:
        return Form.of(sezioni_condivise="diario")
    filled: dict[str, Any] = {
        "destinatario": request.query_params.get("a", ""), "scrive": "1", "motivo": WHY,
        "al": formats.today() + LASTS,
    }  # fmt: skip
    form = Form.of(**filled)
    form.values["sezioni_condivise"] = sorted(NEEDED)
    return form
