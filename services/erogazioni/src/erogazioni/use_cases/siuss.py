"""What INPS is told (SIUSS, flow PS_PSA_SINA): preview, generation into the ledger, rebuilding from it.

To tell INPS of every payment is a duty (D.M. 16 December 2014, n. 206): the file holds all of them, also those of
cases that whoever makes it may not open (another settore's second level, his own household). The page names only what
he may open. Of the rest he is told two numbers, to mend and ready, if he may export: the file tells him as much; who
may only look is told nothing.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from chassis.outbox import new_id
from chassis.sql import SqlDatabase
from contracts.anagrafe import GetResidenti, ListBeneficiari, ResidenteOut, ResidentiOut
from contracts.erogazioni import (
    AnomaliaSiuss,
    FlussiOut,
    FlussoGeneratoV1,
    FlussoOut,
    FlussoXml,
    GenerateFlusso,
    GetFlusso,
    ListFlussi,
    PreviewSiuss,
    PreviewSiussOut,
    RecordSiuss,
    StatoRecordSiuss,
)
from contracts.errors import Conflict, Forbidden, Invalid
from contracts.mandato import Mandato
from erogazioni import policies
from erogazioni.adapters import (
    FlussoValidator,
    ServiceClient,
    assemble,
    write_cancellation,
    write_header,
    write_records,
)
from erogazioni.domain.siuss import DaComunicare, RecordPs, RigaRegistro, build_record, find_anomalie
from erogazioni.repository.flussi import FlussoRepository
from erogazioni.repository.fogli import Registro

NULLA_DA_INVIARE = (
    "Nessun pagamento del mese è pronto da inviare: correggi prima le anomalie, o è già tutto inviato."
)


@dataclass(frozen=True)
class Esaminato:
    """A payment to tell, its XML attributes, and what is wrong with them."""

    da_comunicare: DaComunicare
    record: RecordPs | None = None
    anomalie: tuple[AnomaliaSiuss, ...] = ()

    @property
    def stato(self) -> StatoRecordSiuss:
        if self.da_comunicare.annullata:
            return StatoRecordSiuss.ANNULLATO if self.da_comunicare.cancellata else StatoRecordSiuss.PRONTO
        if self.da_comunicare.flusso_nome:
            return StatoRecordSiuss.INVIATO
        return StatoRecordSiuss.DA_CORREGGERE if self.anomalie else StatoRecordSiuss.PRONTO


def preview_siuss(
    request: PreviewSiuss, mandato: Mandato, db: SqlDatabase, anagrafe: ServiceClient
) -> PreviewSiussOut:
    """Each payment of the month: to mend (with every anomaly), ready, or sent (in which flow)."""
    mandato.require("siuss:leggi")
    with db.read() as session:
        reached = FlussoRepository(session).list_da_comunicare(request.mese, mandato, "siuss:leggi")
    if mandato.ente not in mandato.enti("siuss:esporta"):
        found = _examine(reached, mandato, anagrafe, "get_residenti")
        return PreviewSiussOut(mese=request.mese, record=tuple(_to_record(one) for one in found))
    found = _examine_all(request.mese, mandato, db, anagrafe)
    named = {one.erogazione_id for one in reached}
    others = [one.stato for one in found if one.da_comunicare.erogazione_id not in named]
    return PreviewSiussOut(
        mese=request.mese,
        record=tuple(_to_record(one) for one in found if one.da_comunicare.erogazione_id in named),
        altri_da_correggere=others.count(StatoRecordSiuss.DA_CORREGGERE),
        altri_pronti=others.count(StatoRecordSiuss.PRONTO),
    )


def generate_flusso(
    request: GenerateFlusso,
    mandato: Mandato,
    db: SqlDatabase,
    anagrafe: ServiceClient,
    validator: FlussoValidator,
) -> FlussoOut:
    """The file of what is ready, numbered and kept; what is not ready stays for a later file of the same month."""
    _check_request(request, mandato)
    with db.read() as session:
        if earlier := _generated_before(request, mandato, FlussoRepository(session)):
            return earlier
    esaminati = _examine_all(request.mese, mandato, db, anagrafe)
    righe = _write(esaminati)
    with db.transaction() as tx:
        repository, registro = FlussoRepository(tx.session), Registro(tx.session)
        repository.lock_ente(mandato.ente)
        if earlier := _generated_before(request, mandato, repository):
            return earlier
        righe = _still_good(righe, mandato.ente, repository)
        if not righe:
            raise Conflict("flusso.vuoto", NULLA_DA_INVIARE)
        now = datetime.now(UTC)
        nome = _next_nome(mandato.ente, now, registro)
        header = write_header(
            nome,
            codice=mandato.ente,
            denominazione=request.denominazione_ente.strip(),
            sede=mandato.ente,
            cf_operatore=request.cf_operatore,
        )
        frammenti = [riga.frammento for riga in righe]
        validator.check(assemble(header, frammenti))
        flusso = FlussoOut(
            id=request.idempotency_key or new_id(),
            nome=nome,
            ente=mandato.ente,
            mese=request.mese,
            record=len(righe),
            sha256=_sha256(header, frammenti),
            generato_il=now,
            generato_da=mandato.operatore_id,
        )
        repository.add(flusso, tipo=policies.TIPO_FLUSSO, testata=header, righe=righe)
        tx.emit(_event(flusso), sequence=1)
    return flusso


def list_flussi(request: ListFlussi, mandato: Mandato, db: SqlDatabase) -> FlussiOut:
    mandato.require("siuss:leggi")
    with db.read() as session:
        return FlussiOut(flussi=tuple(FlussoRepository(session).list_visible(request.mese, mandato)))


def get_flusso(request: GetFlusso, mandato: Mandato, db: SqlDatabase) -> FlussoXml:
    """The very bytes that were sent, from the ledger alone; refused when they are not those any more."""
    mandato.require("siuss:esporta")
    with db.read() as session:
        repository = FlussoRepository(session)
        flusso, header = repository.get(request.flusso_id, mandato, "siuss:esporta")
        frammenti = list(repository.frammenti(flusso.id))
    if _sha256(header, frammenti) != flusso.sha256:
        raise Conflict(
            "flusso.registro_alterato",
            f"Il registro del flusso {flusso.nome} non corrisponde alla sua impronta: avvisa l'amministratore.",
        )
    return FlussoXml(flusso=flusso, xml=b"".join(assemble(header, frammenti)).decode("utf-8"))


def _examine_all(mese: str, mandato: Mandato, db: SqlDatabase, anagrafe: ServiceClient) -> list[Esaminato]:
    """Every payment of the ente's month; the caller has been found to export for the whole ente."""
    with db.read() as session:
        found = FlussoRepository(session).list_da_comunicare(mese, mandato)
    return _examine(found, mandato, anagrafe, "list_beneficiari")


def _examine(
    found: list[DaComunicare], mandato: Mandato, anagrafe: ServiceClient, method: str
) -> list[Esaminato]:
    asked = [one.residente_id for one in found if not one.flusso_nome]
    residenti = fetch_residenti(asked, mandato, anagrafe, method)
    return [_examine_one(one, residenti.get(one.residente_id)) for one in found]


def _examine_one(da_comunicare: DaComunicare, residente: ResidenteOut | None) -> Esaminato:
    if da_comunicare.flusso_nome:
        return Esaminato(da_comunicare)
    record = build_record(da_comunicare, residente) if residente else None
    return Esaminato(da_comunicare, record, find_anomalie(da_comunicare, residente, record))


def fetch_residenti(
    residenti_id: Sequence[UUID], mandato: Mandato, anagrafe: ServiceClient, method: str
) -> dict[UUID, ResidenteOut]:
    """Persons by id, in batches, with the caller's own mandate: `get_residenti` leaves out whom he may not see,
    `list_beneficiari` is for the file and leaves out nobody of his ente."""
    unique = sorted(set(residenti_id))
    found: dict[UUID, ResidenteOut] = {}
    asked = ListBeneficiari if method == "list_beneficiari" else GetResidenti
    for start in range(0, len(unique), policies.LOTTO_ANAGRAFE):
        batch = asked(residenti_id=tuple(unique[start : start + policies.LOTTO_ANAGRAFE]))
        reply: ResidentiOut = anagrafe.call(method, batch, mandato.token)
        found |= {residente.id: residente for residente in reply.residenti}
    return found


def _write(esaminati: list[Esaminato]) -> list[RigaRegistro]:
    """Ledger rows of what is ready, cancellations first, in an order that depends on the data alone."""
    pronti = [one for one in esaminati if one.stato is StatoRecordSiuss.PRONTO]
    told = [one.da_comunicare for one in pronti if one.da_comunicare.annullata]
    new = [(one.record, one.da_comunicare.erogazione_id) for one in pronti if one.record]
    new.sort(key=lambda pair: (pair[0].chiave, str(pair[1])))
    frammenti = write_records(record for record, _ in new)
    return [
        *(
            RigaRegistro(one.erogazione_id, one.chiave, write_cancellation(one.frammento), "C")
            for one in sorted(told, key=lambda one: (one.chiave, str(one.erogazione_id)))
        ),
        *(
            RigaRegistro(erogazione_id, record.chiave, frammento)
            for (record, erogazione_id), frammento in zip(new, frammenti, strict=True)
        ),
    ]


def _still_good(righe: list[RigaRegistro], ente: str, repository: FlussoRepository) -> list[RigaRegistro]:
    """Without what was told, annulled or taken by another flow while the registry was asked, and without what INPS
    would take for a record it holds (one annulled whose month has not been cancelled yet)."""
    sendable = repository.still_sendable([riga.erogazione_id for riga in righe])
    righe = [riga for riga in righe if riga.erogazione_id in sendable]
    cancelled = [riga.erogazione_id for riga in righe if riga.operazione == "C"]
    chiavi = [riga.chiave for riga in righe if riga.operazione == "I"]
    standing = repository.standing_chiavi(ente, chiavi, cancelled)
    return [riga for riga in righe if riga.operazione == "C" or riga.chiave not in standing]


def _check_request(request: GenerateFlusso, mandato: Mandato) -> None:
    mandato.require("siuss:esporta")
    if mandato.ente not in mandato.enti("siuss:esporta"):
        raise Forbidden(
            "flusso.estensione", "Il flusso riguarda tutto l'ente: il tuo ruolo ne vede solo una parte."
        )
    if not re.fullmatch(policies.CF_INPS, request.cf_operatore):
        message = "Il codice fiscale dell'operatore non ha la forma che INPS accetta."
        raise Invalid("flusso.cf_operatore", message, {"cf_operatore": message})
    if len(request.denominazione_ente) > 100 or not re.fullmatch(
        f"[{policies.XML_TEXT}]*", request.denominazione_ente
    ):
        message = "La denominazione dell'ente supera i 100 caratteri o ne contiene di non ammessi."
        raise Invalid("flusso.denominazione", message, {"denominazione_ente": message})


def _generated_before(
    request: GenerateFlusso, mandato: Mandato, repository: FlussoRepository
) -> FlussoOut | None:
    if request.idempotency_key is None:
        return None
    earlier = repository.find(request.idempotency_key)
    if earlier and (earlier.ente, earlier.generato_da) != (mandato.ente, mandato.operatore_id):
        raise Conflict(
            "comando.chiave_riusata",
            "Questa richiesta è già servita per un altro flusso: ricarica la pagina.",
        )
    return earlier


def _next_nome(ente: str, now: datetime, registro: Registro) -> str:
    """`{CodEnte}.PS.{AAAAMMGG}.{progressivo del giorno, 7 cifre}` (INPS, Specifica Tecnica WaaS 2.0.1)."""
    day = f"{now.astimezone(policies.ROMA):%Y%m%d}"
    return f"{ente}.PS.{day}.{registro.next_number(f'flusso/{ente}/{day}'):07d}"


def _sha256(header: bytes, frammenti: list[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in assemble(header, frammenti):
        digest.update(chunk)
    return digest.hexdigest()


def _to_record(esaminato: Esaminato) -> RecordSiuss:
    da_comunicare = esaminato.da_comunicare
    return RecordSiuss(
        erogazione_id=da_comunicare.erogazione_id,
        cartella_id=da_comunicare.cartella_id,
        residente_id=da_comunicare.residente_id,
        responsabile_id=da_comunicare.responsabile_id,
        prestazione_inps=da_comunicare.prestazione_inps,
        importo=da_comunicare.importo,
        mese=da_comunicare.mese,
        stato=esaminato.stato,
        anomalie=esaminato.anomalie,
        flusso_nome=da_comunicare.flusso_nome,
        operazione="C" if da_comunicare.annullata else "I",
    )


def _event(flusso: FlussoOut) -> FlussoGeneratoV1:
    return FlussoGeneratoV1(
        flusso_id=flusso.id,
        ente=flusso.ente,
        tipo=policies.TIPO_FLUSSO,
        mese=flusso.mese,
        record=flusso.record,
        sha256=flusso.sha256,
    )
