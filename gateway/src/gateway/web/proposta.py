"""The wizard that proposes a foglio: area, categoria, intervento, then how much and for how long."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.cartella import IseeListOut, IseeOut, ListIsee
from contracts.erogazioni import CatalogoOut, FoglioOut, ListCatalogo, ProposeFoglio, VoceCatalogo
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.web import formats, labels
from gateway.web.caso import case_scope, load_caso, respond_caso
from gateway.web.forms import Form, read_form
from gateway.web.pagatori import offices_to_ask
from gateway.web.page import done

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
MONEY = ("importo", "quota_ente", "quota_beneficiario", "quota_ssn")
NO_ISEE = IseeListOut(isee=())
Proposer = Annotated[
    Caller, Depends(case_scope("fogli:scrivi", "fogli:leggi", optional=("condivisioni:leggi",)))
]


def by_category(items: Sequence[VoceCatalogo]) -> list[tuple[str, list[VoceCatalogo]]]:
    """The catalogue in its categories, in its own order."""
    groups: dict[str, list[VoceCatalogo]] = {}
    for item in items:
        groups.setdefault(item.macro_categoria, []).append(item)
    return list(groups.items())


@router.get("/casi/{cartella_id}/interventi/nuovo")
async def show_wizard(request: Request, cartella_id: UUID, caller: Proposer) -> Response:
    form = Form.of(
        carattere="periodico", dal=formats.today().replace(day=1), area=request.query_params.get("area")
    )
    return await _wizard(request, caller, cartella_id, dict(request.query_params), form)


async def _wizard(
    request: Request, caller: Caller, cartella_id: UUID, chosen: dict[str, str], form: Form
) -> Response:
    """Area → categoria → intervento → the form. Each step is an address; the codes stand under the words."""
    caso, gathering = await load_caso(caller, cartella_id)
    area = chosen.get("area", "") if chosen.get("area") in labels.AREE else ""
    voci: Sequence[VoceCatalogo] = ()
    if area:
        catalogo: CatalogoOut = await caller.call("erogazioni", "list_catalogo", ListCatalogo(area=area))
        voci = catalogo.voci
    voce = next((v for v in voci if v.codice == chosen.get("voce")), None)
    category = chosen.get("categoria") or (voce.macro_categoria if voce else "")
    in_category = [v for v in voci if v.macro_categoria == category]
    step = "dati" if voce else "intervento" if area and in_category else "categoria" if area else "area"
    isee: IseeListOut = NO_ISEE
    if voce and caller.can("isee:leggi"):
        isee = await gathering.optional(
            "l’ISEE", caller.call("cartella", "list_isee", ListIsee(cartella_id=cartella_id)), NO_ISEE
        )
        if (
            not form.get("isee_id")
            and not form.failed
            and isee.isee
            and isee.isee[0].scadenza >= formats.today()
        ):
            form.values["isee_id"] = [str(isee.isee[0].id)]
    url = f"{caso.url}/interventi/nuovo"
    return await respond_caso(
        request, caller, caso, gathering, "interventi", "foglio_nuovo.html", form=form, status=form.status, passo=step,
        title=f"Proponi un intervento: {step}, caso {caso.cartella.numero}", aree=labels.options("area"), area=area,
        categorie=by_category(voci), voci=in_category, voce=voce,
        isee=[(i.id, _isee_words(i)) for i in isee.isee],
        passi=_steps(url, step, area, category),
        uffici=await offices_to_ask(request, caller, caso, gathering) if voce else [],
    )  # fmt: skip


def _isee_words(isee: IseeOut) -> str:
    kind = labels.word(isee.tipo, "tipo_isee").lower()
    return f"{formats.euro(isee.isee)}, {kind}, scade il {formats.day(isee.scadenza)}"


def _steps(url: str, step: str, area: str, category: str) -> list[tuple[str, str, str]]:
    order = ["area", "categoria", "intervento", "dati"]
    at = order.index(step)
    links = [url, f"{url}?area={area}", f"{url}?{formats.query(area=area, categoria=category)}", ""]
    texts = ["Area", "Categoria", "Intervento", "Quanto e per quanto"]
    return [
        (key, text, link if i < at else "")
        for i, (key, text, link) in enumerate(zip(order, texts, links, strict=True))
    ]


@router.post("/casi/{cartella_id}/interventi/nuovo")
async def propose_foglio(request: Request, cartella_id: UUID, caller: Proposer) -> Response:
    form = await read_form(request)
    with form.collecting():
        command = form.build(ProposeFoglio, money=MONEY, cartella_id=cartella_id)
        foglio: FoglioOut = await caller.call("erogazioni", "propose_foglio", command)
        return done(f"/casi/{cartella_id}/interventi/{foglio.id}", "foglio")
    chosen = {"area": form.get("area"), "voce": form.get("voce_istat")}
    return await _wizard(request, caller, cartella_id, chosen, form)
