"""The policy as data: its versions, what one would change, drafting and deciding by two people."""

from dataclasses import asdict
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import Invalid
from gateway.auth import Caller, authorize
from gateway.chi_legge import Posto
from gateway.politica.anteprima import Anteprima, anteprima, differenza
from gateway.politica.contenuto import CODICE, ENTE, LIVELLI, RUOLO, TERRITORI, Contenuto, is_scope
from gateway.politica.posti import list_posti
from gateway.politica.regole import divieti, pericoli
from gateway.politica.tabella import to_csv
from gateway.politica.versione import Versione
from gateway.politica.versioni import Versioni
from gateway.routes.api import make_router
from gateway.routes.politica_messages import (
    Annullo,
    AnteprimaOut,
    Bozza,
    ContenutoBody,
    Decisione,
    DecisioneAnnullo,
    EffettoOut,
    Numero,
    Passo,
    PersonaOut,
    Proposta,
    Scrittura,
    VersioneOut,
    VersionePienaOut,
    VersioniOut,
)

router = make_router("Politica di accesso")
Reader = Annotated[Caller, Depends(authorize("politica:leggi"))]
Writer = Annotated[Caller, Depends(authorize("politica:scrivi"))]
Approver = Annotated[Caller, Depends(authorize("politica:approva"))]
WRONG_LIMIT = 20


def _versioni(request: Request) -> Versioni:
    return Versioni(request.app.state.gateway.pool)


def _out(found: Versione) -> VersioneOut:
    return VersioneOut(**asdict(found))


def _body(contenuto: Contenuto) -> ContenutoBody:
    territori = {
        t: {c: list(enti) for c, enti in groups.items()} for t, groups in contenuto.territori.items()
    }
    return ContenutoBody(regole=contenuto.regole, territori=territori, livelli=contenuto.livelli)


def _contenuto(body: ContenutoBody) -> Contenuto:
    """Invalid, with every word that is none."""
    wrong = [f"ruolo {r}" for r in (*body.regole, *body.livelli) if not RUOLO.fullmatch(r)]
    wrong += [f"scopo {s}" for own in body.regole.values() for s in own if not is_scope(s)]
    wrong += [f"livello {level}" for level in body.livelli.values() if level not in LIVELLI]
    wrong += [f"territorio {tipo}" for tipo in body.territori if tipo not in TERRITORI]
    for tipo, groups in body.territori.items():
        codes = [ente for enti in groups.values() for ente in enti]
        wrong += [f"codice {codice}" for codice in groups if not CODICE.fullmatch(codice)]
        wrong += [f"ente {ente}" for ente in codes if not ENTE.fullmatch(ente)]
        wrong += [f"{tipo}: {ente} due volte" for ente in set(codes) if codes.count(ente) > 1]
    if wrong:
        raise Invalid(
            "politica.parole",
            "Alcune parole della politica non esistono.",
            fields={"contenuto": ", ".join(word[:80] for word in wrong[:WRONG_LIMIT])},
        )
    found = Contenuto()
    for ruolo, own in body.regole.items():
        found = found.with_ruolo(ruolo, own)
    territori = {
        t: {c: tuple(sorted(enti)) for c, enti in body.territori.get(t, {}).items() if enti}
        for t in TERRITORI
    }
    return found.with_territori(territori).with_livelli(body.livelli)


def _persona(posto: Posto) -> PersonaOut:
    return PersonaOut(
        operatore_id=posto.operatore_id, nome=posto.nome, ruolo=posto.ruolo, ente=posto.ente, settore=posto.settore,
        in_delega_di=posto.titolare_id,
    )  # fmt: skip


@router.get("/politica", summary="Le versioni della politica, dalla più recente")
async def list_versioni(request: Request, caller: Reader) -> VersioniOut:
    return VersioniOut(versioni=[_out(found) for found in await _versioni(request).list()])


@router.get("/politica/{version}", summary="Una versione, con ciò che dice")
async def get_versione(request: Request, version: Numero, caller: Reader) -> VersionePienaOut:
    versioni = _versioni(request)
    found = await versioni.get(version)
    return VersionePienaOut(versione=_out(found), contenuto=_body(await versioni.contenuto(version)))


@router.get("/politica/{version}/csv", summary="Una versione in CSV", response_class=Response)
async def export_versione(request: Request, version: Numero, caller: Reader) -> Response:
    versioni = _versioni(request)
    await versioni.get(version)
    return Response(to_csv(await versioni.contenuto(version)), media_type="text/csv; charset=utf-8")


@router.get("/politica/{version}/anteprima", summary="Che cosa cambierebbe, e per chi")
async def preview_versione(request: Request, version: Numero, caller: Reader) -> AnteprimaOut:
    versioni = _versioni(request)
    found = await versioni.get(version)
    after = await versioni.contenuto(version)
    before = await versioni.contenuto(found.base) if found.base is not None else after
    posti = await list_posti(request.app.state.gateway.pool)
    changes, preview = differenza(before, after), anteprima(before, after, posti)
    return AnteprimaOut(
        operatori_in_piu=len(preview.di_piu), operatori_in_meno=len(preview.di_meno), cittadini=preview.cittadini,
        regole=[asdict(row) for row in changes.regole], territori=[asdict(row) for row in changes.territori],
        livelli=[asdict(row) for row in changes.livelli], effetti=_effects(preview),
        divieti=[asdict(row) for row in divieti(after)],
        pericoli=[asdict(row) for row in pericoli(before, after, posti)],
    )  # fmt: skip


def _effects(preview: Anteprima) -> list[EffettoOut]:
    return [
        EffettoOut(
            ruolo=e.ruolo, scope=e.scope, prima=e.prima, dopo=e.dopo, guadagnano=sorted(e.guadagnano),
            perdono=sorted(e.perdono), in_emergenza=e.in_emergenza, persone=[_persona(p) for p in e.posti],
        )
        for e in preview.effetti
    ]  # fmt: skip


@router.post("/politica/bozze", status_code=201, summary="Comincia una bozza")
async def start_bozza(request: Request, command: Bozza, caller: Writer) -> VersioneOut:
    versioni = _versioni(request)
    contenuto = await versioni.contenuto((await versioni.get(command.da)).version) if command.da else None
    return _out(await versioni.get(await versioni.draft(caller.operatore_id, contenuto)))


@router.post("/politica/{version}/contenuto", summary="Riscrivi la tua bozza")
async def write_bozza(request: Request, version: Numero, command: Scrittura, caller: Writer) -> VersioneOut:
    versioni = _versioni(request)
    await versioni.write(version, caller.operatore_id, command.revisione, _contenuto(command.contenuto))
    return _out(await versioni.get(version))


@router.post("/politica/{version}/proposta", summary="Proponi la tua bozza")
async def propose_bozza(request: Request, version: Numero, command: Proposta, caller: Writer) -> VersioneOut:
    versioni, when = _versioni(request), command.attiva_dal
    if when is not None and when.tzinfo is None:
        message = "Scrivi anche il fuso orario, per esempio +01:00."
        raise Invalid("politica.proposta_incompleta", message, fields={"attiva_dal": message})
    await versioni.propose(version, caller.operatore_id, command.revisione, command.motivo, when)
    return _out(await versioni.get(version))


@router.post("/politica/{version}/ritiro", summary="Ritira la tua proposta: torna bozza")
async def withdraw_proposta(request: Request, version: Numero, command: Passo, caller: Writer) -> VersioneOut:
    versioni = _versioni(request)
    await versioni.withdraw(version, caller.operatore_id, command.revisione)
    return _out(await versioni.get(version))


@router.post("/politica/{version}/eliminazione", status_code=204, summary="Elimina la tua bozza")
async def discard_bozza(request: Request, version: Numero, command: Passo, caller: Writer) -> None:
    await _versioni(request).discard(version, caller.operatore_id, command.revisione)


@router.post("/politica/{version}/decisione", summary="Approva o respingi la proposta di un’altra persona")
async def decide_proposta(
    request: Request, version: Numero, command: Decisione, caller: Approver
) -> VersioneOut:
    versioni = _versioni(request)
    await versioni.decide(version, caller.operatore_id, command.revisione, command.approva, command.motivo)
    return _out(await versioni.get(version))


@router.post("/politica/{version}/annullo", summary="Chiedi di annullare una versione non ancora in vigore")
async def ask_annullo(request: Request, version: Numero, command: Annullo, caller: Writer) -> VersioneOut:
    versioni = _versioni(request)
    await versioni.ask_annullo(version, caller.operatore_id, command.revisione, command.motivo)
    return _out(await versioni.get(version))


@router.post(
    "/politica/{version}/annullo/decisione",
    summary="Annulla, o lascia, ciò che un’altra persona chiede di annullare",
)
async def decide_annullo(
    request: Request, version: Numero, command: DecisioneAnnullo, caller: Approver
) -> VersioneOut:
    versioni = _versioni(request)
    await versioni.decide_annullo(version, caller.operatore_id, command.revisione, command.annulla)
    return _out(await versioni.get(version))
