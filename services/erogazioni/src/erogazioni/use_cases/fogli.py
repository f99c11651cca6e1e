"""Fogli amministrativi: propose, decide, read; suspended by a death, resumed when it was an error."""

import secrets
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from chassis.outbox import new_id
from chassis.sql import SqlDatabase, Transaction
from contracts.erogazioni import (
    DecideFoglio,
    FoglioApprovatoV1,
    FoglioOut,
    FoglioPropostoV1,
    FoglioRespintoV1,
    FoglioSospesoV1,
    FogliOut,
    GetFoglio,
    ListFogli,
    ProposeFoglio,
    StatoFoglio,
    VoceCatalogo,
)
from contracts.errors import Conflict, Invalid
from contracts.mandato import Mandato
from erogazioni.domain import fogli as rules
from erogazioni.domain.fogli import Cartella, Foglio
from erogazioni.policies import ROMA
from erogazioni.repository.catalogo import CatalogoRepository
from erogazioni.repository.fogli import FoglioRepository, Registro
from erogazioni.use_cases.motivi import require_reason, unexplained

MOTIVO_DECESSO = "Decesso del beneficiario"
UNTOLD: dict[str, Any] = {
    "motivazione": "", "motivo_decisione": "", "motivo_stato": "", "fondo": "", "isee_id": None,
}  # fmt: skip
"""What a list of many cases leaves out where only a reason opens the foglio."""


def propose_foglio(request: ProposeFoglio, mandato: Mandato, db: SqlDatabase) -> FoglioOut:
    """A proposal on a visible case; the same idempotency key gives the same foglio once."""
    mandato.require("fogli:scrivi")
    rules.check_quote(request.importo, request.quota_ente, request.quota_beneficiario, request.quota_ssn)
    rules.check_periodo(request.dal, request.al)
    with db.transaction() as tx:
        repository, registro = FoglioRepository(tx.session), Registro(tx.session)
        cartella = repository.get_cartella(request.cartella_id, mandato, "fogli:scrivi")
        require_reason(repository, cartella.id, mandato, "fogli:scrivi")
        registro.lock_comando(request.idempotency_key)
        if earlier := _proposed_before(request, mandato, repository):
            return to_out(earlier)
        rules.check_cartella_aperta(cartella)
        rules.check_beneficiario_vivo(repository.data_decesso(cartella.residente_id), request.dal)
        _check_isee(request, mandato, repository)
        voce = _valid_voce(request, cartella, CatalogoRepository(tx.session))
        foglio = _build(request, mandato, cartella, voce, registro)
        repository.add(foglio)
        registro.add_passaggio(foglio, operatore_id=mandato.operatore_id, comando_id=request.idempotency_key)
        tx.emit(
            FoglioPropostoV1(**_fatto(foglio), proponente_id=foglio.proponente_id), sequence=foglio.version
        )
    return to_out(foglio)


def decide_foglio(request: DecideFoglio, mandato: Mandato, db: SqlDatabase) -> FoglioOut:
    """Approves or refuses; a second decision is a Conflict with the state reached."""
    mandato.require("fogli:approva")
    with db.transaction() as tx:
        repository, registro = FoglioRepository(tx.session), Registro(tx.session)
        foglio = repository.get(request.foglio_id, mandato, "fogli:approva", for_update=True)
        require_reason(repository, foglio.cartella_id, mandato, "fogli:approva")
        if registro.already_done(foglio.id, request.idempotency_key):
            return to_out(foglio)
        rules.check_version(foglio.version, request.version, _attuale(foglio))
        decided = rules.decide(
            foglio,
            approva=request.approva,
            operatore_id=mandato.operatore_id,
            motivo=request.motivo,
            quando=datetime.now(UTC),
            data_decesso=repository.data_decesso(foglio.residente_id),
        )
        repository.save(decided)
        registro.add_passaggio(
            decided,
            operatore_id=mandato.operatore_id,
            motivo=request.motivo,
            comando_id=request.idempotency_key,
        )
        event = FoglioApprovatoV1 if request.approva else FoglioRespintoV1
        tx.emit(event(**_fatto(decided), approvatore_id=mandato.operatore_id), sequence=decided.version)
    return to_out(decided)


def get_foglio(request: GetFoglio, mandato: Mandato, db: SqlDatabase) -> FoglioOut:
    mandato.require("fogli:leggi")
    with db.read() as session:
        repository = FoglioRepository(session)
        foglio = repository.get(request.foglio_id, mandato, "fogli:leggi")
        require_reason(repository, foglio.cartella_id, mandato, "fogli:leggi")
    return to_out(foglio)


def list_fogli(request: ListFogli, mandato: Mandato, db: SqlDatabase) -> FogliOut:
    """The fogli of one case that is not of one's own ask why. A list of many asks nothing, and says of such cases what
    it takes to find a foglio: its texts and its ISEE are read in the foglio."""
    mandato.require("fogli:leggi")
    with db.read() as session:
        repository = FoglioRepository(session)
        if request.cartella_id is not None:
            require_reason(repository, request.cartella_id, mandato, "fogli:leggi")
        found, total = repository.list_visible(request, mandato)
        closed = unexplained(repository, {one.cartella_id for one in found}, mandato, "fogli:leggi")
    listed = (to_out(one).model_copy(update=UNTOLD if one.cartella_id in closed else {}) for one in found)
    return FogliOut(fogli=tuple(listed), totale=total)


def suspend_fogli_of(residente_id: UUID, data_decesso: date, tx: Transaction) -> None:
    """A death halts the approved fogli that reach past it. The case itself stays open: a person decides."""
    motivo = f"{MOTIVO_DECESSO} il {rules.giorno(data_decesso)}."
    found = FoglioRepository(tx.session).list_of_residente(
        residente_id, StatoFoglio.APPROVATO, after=data_decesso
    )
    for foglio in found:
        suspended = rules.suspend(foglio, motivo)
        _save_by_event(suspended, tx)
        tx.emit(FoglioSospesoV1(**_fatto(suspended), motivo=motivo), sequence=suspended.version)


def resume_fogli_of(residente_id: UUID, tx: Transaction) -> None:
    """The death was an error: what it alone had halted is approved again."""
    for foglio in FoglioRepository(tx.session).list_of_residente(residente_id, StatoFoglio.SOSPESO):
        if foglio.approvatore_id is None or not foglio.motivo_stato.startswith(MOTIVO_DECESSO):
            continue
        resumed = rules.resume(foglio, "Decesso annullato in anagrafe.")
        _save_by_event(resumed, tx)
        tx.emit(
            FoglioApprovatoV1(**_fatto(resumed), approvatore_id=foglio.approvatore_id),
            sequence=resumed.version,
        )


def _save_by_event(foglio: Foglio, tx: Transaction) -> None:
    FoglioRepository(tx.session).save(foglio)
    Registro(tx.session).add_passaggio(foglio, motivo=foglio.motivo_stato)


def to_out(foglio: Foglio) -> FoglioOut:
    return FoglioOut.model_validate(asdict(foglio))


def _proposed_before(request: ProposeFoglio, mandato: Mandato, repository: FoglioRepository) -> Foglio | None:
    if request.idempotency_key is None:
        return None
    earlier = repository.find(request.idempotency_key)
    if earlier and (earlier.proponente_id, earlier.cartella_id) != (
        mandato.operatore_id,
        request.cartella_id,
    ):
        raise Conflict(
            "comando.chiave_riusata",
            "Questa richiesta è già servita per un altro foglio: ricarica la pagina.",
        )
    return earlier


def _check_isee(request: ProposeFoglio, mandato: Mandato, repository: FoglioRepository) -> None:
    """An ISEE not heard of yet passes (its event travels), and so does one of a case that the caller does not reach:
    the refusal would tell that there is one. The flow to INPS takes none of another case."""
    if request.isee_id is None:
        return
    cartella_id = repository.cartella_of_isee(request.isee_id, mandato, "fogli:scrivi")
    if cartella_id not in (None, request.cartella_id):
        message = "L'ISEE indicata non è di questo caso."
        raise Invalid("foglio.isee", message, {"isee_id": message})


def _valid_voce(request: ProposeFoglio, cartella: Cartella, catalogo: CatalogoRepository) -> VoceCatalogo:
    voce = catalogo.get_voce(request.voce_istat, request.dal)
    if voce is None:
        message = f"La voce {request.voce_istat} non è nel catalogo al {rules.giorno(request.dal)}."
        raise Invalid("foglio.voce", message, {"voce_istat": message})
    if cartella.area.value not in voce.aree:
        message = f"La voce {voce.codice} «{voce.nome}» non è prevista per l'area del caso."
        raise Invalid("foglio.voce", message, {"voce_istat": message})
    return voce


def _build(
    request: ProposeFoglio, mandato: Mandato, cartella: Cartella, voce: VoceCatalogo, registro: Registro
) -> Foglio:
    now = datetime.now(UTC)
    year = now.astimezone(ROMA).year
    return Foglio(
        id=request.idempotency_key or new_id(),
        numero=_next_numero(registro, cartella.ente, year),
        ente=cartella.ente,
        cartella_id=cartella.id,
        residente_id=cartella.residente_id,
        area=cartella.area,
        voce_istat=voce.codice,
        voce_nome=voce.nome,
        prestazione_inps=voce.prestazione_inps,
        stato=StatoFoglio.PROPOSTO,
        proponente_id=mandato.operatore_id,
        approvatore_id=None,
        deciso_il=None,
        motivo_decisione="",
        motivo_stato="",
        version=1,
        creato_il=now,
        **request.model_dump(include=TYPED),
    )


def _next_numero(registro: Registro, ente: str, year: int) -> str:
    """Rises by one to three, at random: a number that somebody does not see tells him of no hidden foglio."""
    step = secrets.randbelow(3) + 1
    return f"{year}/{registro.next_number(f'foglio/{ente}/{year}', step):06d}"


TYPED = {
    "carattere", "importo", "quota_ente", "quota_beneficiario", "quota_ssn", "dal", "al", "isee_id", "fondo",
    "motivazione",
}  # fmt: skip
"""Fields of a foglio taken from the request as they are."""


def _fatto(foglio: Foglio) -> dict[str, Any]:
    """What every event of a foglio carries."""
    return {
        "foglio_id": foglio.id,
        "cartella_id": foglio.cartella_id,
        "residente_id": foglio.residente_id,
        "ente": foglio.ente,
        "voce_istat": foglio.voce_istat,
        "stato": foglio.stato,
        "data": datetime.now(UTC).astimezone(ROMA).date(),
    }


def _attuale(foglio: Foglio) -> dict[str, Any]:
    return to_out(foglio).model_dump(mode="json")
