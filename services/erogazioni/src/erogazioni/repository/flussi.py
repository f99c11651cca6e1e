"""Queries on what INPS is to be told, and on the ledger of what it was told."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, exists, func, lateral, or_, select, true, update
from sqlalchemy.orm import Session

from chassis.reach import sql_filter
from contracts.cartella import StatoCartella
from contracts.erogazioni import FlussoOut, StatoErogazione, StatoRecordSiuss
from contracts.errors import NotFound
from contracts.mandato import Mandato
from erogazioni.domain.siuss import DaComunicare, Dsu, RigaRegistro
from erogazioni.models import cartelle, erogazioni, flussi, fogli, isee, prestazioni_inps, registro_siuss
from erogazioni.policies import ROMA, SOGGETTA_A_ISEE
from erogazioni.repository.fogli import visible

LOCK_ENTE = 7302
"""Namespace of the advisory locks that let one flow of an ente be made at a time."""

PAGATI = (StatoErogazione.LIQUIDATA, StatoErogazione.PAGATA)
ROWS_PER_INSERT = 1000
CANCELLAZIONE = registro_siuss.alias("cancellazione")


class FlussoRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def list_da_comunicare(self, mese: str, mandato: Mandato, scope: str = "") -> list[DaComunicare]:
        """Payments of the ente's month with an exportable benefit, told already or not; always in one order. Without a
        scope all of them, whoever asks: for the file to INPS, which must hold everybody."""
        query = _da_comunicare().where(erogazioni.c.mese == mese, erogazioni.c.ente == mandato.ente)
        if scope:
            query = query.where(visible(mandato, scope, erogazioni.c.creata_il))
        rows = self._session.execute(query.order_by(fogli.c.numero, erogazioni.c.id)).mappings()
        return [_row_to_da_comunicare(dict(row)) for row in rows]

    def lock_ente(self, ente: str) -> None:
        self._session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(ente, LOCK_ENTE))))

    def still_sendable(self, erogazioni_id: Collection[UUID]) -> set[UUID]:
        """Of these, the ones still to be told or cancelled; locked, so that nothing happens to them meanwhile."""
        told = exists().where(registro_siuss.c.erogazione_id == erogazioni.c.id)
        standing = told.where(
            registro_siuss.c.operazione == "I", registro_siuss.c.stato != StatoRecordSiuss.ANNULLATO
        )
        query = select(erogazioni.c.id).where(
            erogazioni.c.id == func.any(list(erogazioni_id)),
            or_(
                and_(erogazioni.c.stato.in_(PAGATI), ~told),
                and_(erogazioni.c.stato == StatoErogazione.ANNULLATA, standing),
            ),
        )
        return set(self._session.execute(query.with_for_update(of=erogazioni)).scalars())

    def standing_chiavi(self, ente: str, chiavi: Collection[str], cancelled: Collection[UUID]) -> set[str]:
        """Of these keys, the ones INPS holds a record of that is not among the payments being cancelled."""
        query = select(registro_siuss.c.chiave).where(
            registro_siuss.c.ente == ente,
            registro_siuss.c.chiave == func.any(list(chiavi)),
            registro_siuss.c.operazione == "I",
            registro_siuss.c.stato != StatoRecordSiuss.ANNULLATO,
            registro_siuss.c.erogazione_id.not_in(cancelled),
        )
        return set(self._session.execute(query).scalars())

    def add(self, flusso: FlussoOut, *, tipo: str, testata: bytes, righe: Sequence[RigaRegistro]) -> None:
        """The flow and its ledger rows, for ever; what it cancels stands no more."""
        self._session.execute(
            flussi.insert().values(flusso.model_dump() | {"tipo": tipo, "testata": testata})
        )
        cancelled = [riga.erogazione_id for riga in righe if riga.operazione == "C"]
        self._session.execute(
            update(registro_siuss)
            .where(registro_siuss.c.erogazione_id.in_(cancelled), registro_siuss.c.operazione == "I")
            .values(stato=StatoRecordSiuss.ANNULLATO)
        )
        rows = [
            {
                "flusso_id": flusso.id,
                "posizione": posizione,
                "ente": flusso.ente,
                "stato": StatoRecordSiuss.INVIATO,
                **asdict(riga),
            }
            for posizione, riga in enumerate(righe, start=1)
        ]
        for start in range(0, len(rows), ROWS_PER_INSERT):
            self._session.execute(registro_siuss.insert(), rows[start : start + ROWS_PER_INSERT])

    def find(self, flusso_id: UUID) -> FlussoOut | None:
        """Whatever the mandate: for a command that comes twice."""
        row = self._session.execute(select(flussi).where(flussi.c.id == flusso_id)).mappings().first()
        return FlussoOut.model_validate(dict(row)) if row else None

    def get(self, flusso_id: UUID, mandato: Mandato, scope: str) -> tuple[FlussoOut, bytes]:
        """The flow and its header's bytes."""
        query = select(flussi).where(flussi.c.id == flusso_id, sql_filter(mandato, scope, ente=flussi.c.ente))
        row = self._session.execute(query).mappings().first()
        if row is None:
            raise NotFound("flusso.non_trovato", "Il flusso non esiste o non è visibile.")
        return FlussoOut.model_validate(dict(row)), bytes(row["testata"])

    def list_visible(self, mese: str, mandato: Mandato) -> list[FlussoOut]:
        """Newest first. Who may not export is told of no more records than he could find one by one."""
        query = select(flussi).where(sql_filter(mandato, "siuss:leggi", ente=flussi.c.ente))
        if not mandato.enti("siuss:esporta"):
            columns = [_reached_records(mandato) if c is flussi.c.record else c for c in flussi.columns]
            query = query.with_only_columns(*columns)
        if mese:
            query = query.where(flussi.c.mese == mese)
        rows = self._session.execute(
            query.order_by(flussi.c.generato_il.desc(), flussi.c.nome.desc())
        ).mappings()
        return [FlussoOut.model_validate(dict(row)) for row in rows]

    def frammenti(self, flusso_id: UUID) -> Iterable[bytes]:
        """The ledger's bytes in the order they were sent."""
        query = select(registro_siuss.c.frammento).where(registro_siuss.c.flusso_id == flusso_id)
        return (
            bytes(one) for one in self._session.execute(query.order_by(registro_siuss.c.posizione)).scalars()
        )


def _reached_records(mandato: Mandato) -> Any:
    """How many records of a flow are of payments within reach."""
    return (
        select(func.count())
        .select_from(registro_siuss)
        .join(erogazioni, erogazioni.c.id == registro_siuss.c.erogazione_id)
        .join(cartelle, cartelle.c.id == erogazioni.c.cartella_id)
        .where(
            registro_siuss.c.flusso_id == flussi.c.id, visible(mandato, "siuss:leggi", erogazioni.c.creata_il)
        )
        .correlate(flussi)
        .scalar_subquery()
        .label("record")
    )


def _da_comunicare() -> Select[Any]:
    prestazione, dsu = _prestazione_of_period(), _isee_of_payment()
    return (
        select(
            erogazioni.c.id.label("erogazione_id"),
            erogazioni.c.cartella_id,
            erogazioni.c.residente_id,
            cartelle.c.responsabile_id,
            (cartelle.c.stato == StatoCartella.IN_CARICO).label("in_carico"),
            fogli.c.area,
            fogli.c.prestazione_inps,
            prestazione.c.prestazione_nome,
            prestazione.c.prova_mezzi,
            prestazione.c.solo_in_carico,
            prestazione.c.richiede_data_evento,
            (prestazione.c.valida_al < erogazioni.c.dal).label("fuori_validita"),
            erogazioni.c.carattere,
            fogli.c.numero.label("protocollo"),
            erogazioni.c.mese,
            erogazioni.c.dal,
            erogazioni.c.al,
            erogazioni.c.importo,
            erogazioni.c.quota_ente,
            erogazioni.c.quota_beneficiario,
            erogazioni.c.quota_ssn,
            erogazioni.c.liquidata_il,
            dsu.c.protocollo_dsu,
            dsu.c.data_presentazione,
            flussi.c.nome.label("flusso_nome"),
            (erogazioni.c.stato == StatoErogazione.ANNULLATA).label("annullata"),
            CANCELLAZIONE.c.erogazione_id.is_not(None).label("cancellata"),
            registro_siuss.c.chiave,
            case((erogazioni.c.stato == StatoErogazione.ANNULLATA, registro_siuss.c.frammento)).label(
                "frammento"
            ),
        )
        .select_from(erogazioni)
        .join(fogli, fogli.c.id == erogazioni.c.foglio_id)
        .join(cartelle, cartelle.c.id == erogazioni.c.cartella_id)
        .join(prestazione, true())
        .outerjoin(dsu, true())
        .outerjoin(registro_siuss, _row_of(registro_siuss, "I"))
        .outerjoin(CANCELLAZIONE, _row_of(CANCELLAZIONE, "C"))
        .outerjoin(
            flussi, flussi.c.id == func.coalesce(CANCELLAZIONE.c.flusso_id, registro_siuss.c.flusso_id)
        )
        .where(
            or_(erogazioni.c.stato.in_(PAGATI), registro_siuss.c.erogazione_id.is_not(None)),
            or_(prestazione.c.esportabile, registro_siuss.c.erogazione_id.is_not(None)),
        )
    )


def _row_of(registro: Any, operazione: str) -> Any:
    return and_(registro.c.erogazione_id == erogazioni.c.id, registro.c.operazione == operazione)


def _prestazione_of_period() -> Any:
    """The catalogue's newest word on the benefit at the start of the period paid."""
    return lateral(
        select(
            prestazioni_inps.c.nome.label("prestazione_nome"),
            prestazioni_inps.c.esportabile,
            prestazioni_inps.c.prova_mezzi,
            prestazioni_inps.c.solo_in_carico,
            prestazioni_inps.c.richiede_data_evento,
            prestazioni_inps.c.valida_al,
        )
        .where(
            prestazioni_inps.c.codice == fogli.c.prestazione_inps,
            prestazioni_inps.c.valida_dal <= erogazioni.c.dal,
        )
        .order_by(prestazioni_inps.c.valida_dal.desc())
        .limit(1)
        .correlate(fogli, erogazioni),
        "prestazione",
    )


def _isee_of_payment() -> Any:
    """The ISEE the foglio names; when it names none, the newest of the case that held in the period paid."""
    held = and_(
        isee.c.data_presentazione <= func.date(erogazioni.c.liquidata_il), isee.c.scadenza >= erogazioni.c.dal
    )
    return lateral(
        select(isee.c.protocollo_dsu, isee.c.data_presentazione)
        .where(
            isee.c.cartella_id == erogazioni.c.cartella_id,
            case((fogli.c.isee_id.is_not(None), isee.c.id == fogli.c.isee_id), else_=held),
        )
        .order_by(isee.c.data_presentazione.desc(), isee.c.id)
        .limit(1)
        .correlate(fogli, erogazioni),
        "dsu",
    )


def _row_to_da_comunicare(row: dict[str, Any]) -> DaComunicare:
    protocollo, presentata = row.pop("protocollo_dsu"), row.pop("data_presentazione")
    subject = row["prova_mezzi"] == SOGGETTA_A_ISEE
    dsu = Dsu(protocollo=protocollo, data_presentazione=presentata) if subject and presentata else None
    row["liquidata_il"] = row["liquidata_il"].astimezone(ROMA).date()
    row["fuori_validita"] = bool(row["fuori_validita"])
    row |= {name: row[name] or "" for name in ("flusso_nome", "chiave")}
    row["frammento"] = bytes(row["frammento"] or b"")
    return DaComunicare(**row, dsu=dsu)
