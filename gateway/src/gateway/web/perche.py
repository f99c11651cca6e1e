""" "Perché lo vedo?" as a page of the case."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.condivisioni import AccessoOut, RegolaAccesso, TipoRegola
from gateway.auth import Caller
from gateway.emergenze import in_corso_su
from gateway.logged import LoggedRoute
from gateway.perche import SCOPES, explain
from gateway.web import formats, labels
from gateway.web.caso import case_scope, load_caso, respond_caso
from gateway.web.page import ente_names

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
Reader = Annotated[Caller, Depends(case_scope(optional=SCOPES))]
PERCHE = {
    "team": "è nell’équipe del caso",
    "settore": "lavora nel settore del caso",
    "ente": "il ruolo arriva a tutto l’ente",
    "ambito": "il ruolo arriva a tutto l’ambito",
    "provincia": "il ruolo arriva a tutta la provincia",
    "condivisione": "il caso è condiviso",
}


@router.get("/casi/{cartella_id}/perche")
async def show_why(request: Request, cartella_id: UUID, caller: Reader) -> Response:
    gateway = request.app.state.gateway
    caso, gathering = await load_caso(caller, cartella_id)
    found = await explain(gateway, caller, cartella_id)
    delegants = await caller.nomi(rule.delegante_id for rule in found.accesso.regole)
    return await respond_caso(
        request, caller, caso, gathering, "perche", "perche.html", title=f"Perché lo vedo, caso {caso.cartella.numero}",
        regole=[sentence(rule, found.accesso, caller, delegants) for rule in found.accesso.regole],
        motivo=found.motivo, politica=found.politica, lettori=found.lettori, parole_perche=PERCHE,
        nomi_enti=ente_names, emergenze=await in_corso_su(gateway.pool, caso.cartella.residente_id),
    )  # fmt: skip


def sentence(
    rule: RegolaAccesso, accesso: AccessoOut, caller: Caller, names: dict[UUID, str]
) -> dict[str, str]:
    """One rule in plain words, with the sections it opens."""
    role, ente = labels.word(caller.ruolo, "ruolo"), ente_names.known(accesso.ente)
    settore = labels.word(accesso.settore, "settore")
    for_whom = names.get(rule.delegante_id, "un collega") if rule.delegante_id else "un collega"
    when = f"dal {formats.day(rule.dal)} al {formats.day(rule.al)}" if rule.dal and rule.al else ""
    mine = accesso.responsabile_id == caller.operatore_id
    said = {
        TipoRegola.TEAM: "Il caso è in carico a te." if mine else "Sei nell’équipe del caso.",
        TipoRegola.DELEGA: f"Sostituisci {for_whom}, che segue il caso.",
        TipoRegola.SETTORE: f"Il tuo ruolo ({role}) legge i casi del settore {settore} di {ente}.",
        TipoRegola.ENTE: f"Il tuo ruolo ({role}) legge i casi di tutto l’ente: {ente}.",
        TipoRegola.AMBITO: f"Il tuo ruolo ({role}) legge i casi di tutto l’ambito.",
        TipoRegola.PROVINCIA: f"Il tuo ruolo ({role}) legge i casi di tutta la provincia.",
        TipoRegola.CONDIVISIONE: f"Il caso è condiviso con te o con il tuo settore {when}.",
        TipoRegola.EMERGENZA: "Hai aperto un’emergenza su questa persona.",
        TipoRegola.VOCE_RISERVATA: "Qui c’è qualcosa di secondo livello del tuo settore.",
    }[rule.tipo]
    if rule.secondo_livello and rule.tipo is not TipoRegola.VOCE_RISERVATA:
        said += f" Il caso è di secondo livello ({labels.word(rule.secondo_livello, 'settore')}): il tuo ruolo lo apre."
    if rule.nascondi_prima:
        said += f" Ciò che c’era prima del {formats.day(rule.dal)} resta nascosto."
    sections = ", ".join(labels.word(sezione, "sezione") for sezione in rule.sezioni)
    return {"testo": said, "sezioni": sections}
