"""What a printed case file says: plain data (titles, pairs, tables, entries), all text, no markup.

Shape: `{"titolo", "ente", "copertina": [[label, value]], "stampa": {...}, "sezioni": [{"titolo", "blocchi": [...]}]}`.
A block is `{"tipo": "coppie", "righe": [[label, value]]}`, `{"tipo": "tabella", "didascalia", "colonne": [{"nome",
"destra", "larghezza"}], "righe": [[...]]}`, `{"tipo": "voce", "titolo", "meta", "testo", "avviso", "annullata"}` or
`{"tipo": "frase", "testo"}`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.cartella import CartellaOut, FascicoloOut, IseeOut, Passaggio, VoceDiarioOut
from contracts.documenti import DocumentoOut, RequestStampa
from contracts.erogazioni import ErogazioneOut, FoglioOut
from contracts.mandato import Mandato
from documenti.domain.formats import (
    code_text,
    date_text,
    datetime_text,
    day_text,
    decimal_text,
    euro_text,
    month_text,
    size_text,
)

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Materiale:
    """What was gathered for one print. None = this person may not read the section, so it is absent."""

    fascicolo: FascicoloOut
    sezioni: tuple[str, ...]
    fogli: tuple[FoglioOut, ...] | None = None
    erogazioni: tuple[ErogazioneOut, ...] | None = None
    documenti: tuple[DocumentoOut, ...] | None = None


def compose(request: RequestStampa, mandato: Mandato, materiale: Materiale, now: datetime) -> dict[str, Any]:
    """The content of the print, ready for the template."""
    names = _Names(request.operatori)
    cartella = materiale.fascicolo.cartella
    sezioni = _sezioni(materiale, names)
    motivo = mandato.reason_for(cartella.id, cartella.residente_id)
    return {
        "titolo": f"Cartella sociale n. {cartella.numero}",
        "ente": request.ente_nome or f"Ente {cartella.ente}",
        "copertina": [[label, value] for label, value in request.intestatario.items()],
        "stampa": {
            "richiedente": names(mandato.operatore_id),
            "righe": [
                ["Stampata da", names(mandato.operatore_id)],
                ["In qualità di", code_text(mandato.ruolo)],
                ["Data e ora", datetime_text(now)],
                ["Motivo", motivo or "Consultazione del caso in carico"],
                ["Sezioni comprese", ", ".join(sezione["titolo"] for sezione in sezioni) or "nessuna"],
            ],
            "quando": datetime_text(now),
        },
        "sezioni": sezioni,
    }


def _sezioni(materiale: Materiale, names: "_Names") -> list[dict[str, Any]]:
    fascicolo = materiale.fascicolo
    sezioni: list[tuple[str, list[Block]]] = []
    if "presa_in_carico" in materiale.sezioni:
        sezioni.append(("Presa in carico", _presa_in_carico(fascicolo.cartella, names)))
    if "diario" in materiale.sezioni:
        sezioni.append(("Diario", [_voce(voce, names) for voce in fascicolo.voci]))
    if "isee" in materiale.sezioni:
        sezioni.append(("ISEE", _isee(fascicolo.isee)))
    if materiale.fogli is not None:
        sezioni.append(("Fogli amministrativi", [_foglio(foglio, names) for foglio in materiale.fogli]))
    if materiale.erogazioni is not None:
        sezioni.append(("Erogazioni", _erogazioni(materiale.erogazioni)))
    if materiale.documenti is not None:
        sezioni.append(("Documenti", _documenti(materiale.documenti, names)))
    nothing: Block = {"tipo": "frase", "testo": "Nessun elemento in questa sezione."}
    return [{"titolo": titolo, "blocchi": blocchi or [nothing]} for titolo, blocchi in sezioni]


class _Names:
    """Operator id → name shown; an unknown id is shown shortened, never invented."""

    def __init__(self, operatori: dict[str, str]) -> None:
        self._operatori = operatori

    def __call__(self, operatore_id: UUID | None) -> str:
        if operatore_id is None:
            return "–"
        return self._operatori.get(str(operatore_id)) or f"operatore {str(operatore_id)[:8]}"


def _presa_in_carico(cartella: CartellaOut, names: _Names) -> list[Block]:
    righe = [
        ["Stato", code_text(cartella.stato)],
        ["Area", code_text(cartella.area)],
        ["Settore", code_text(cartella.settore)],
        ["Responsabile", names(cartella.responsabile_id)],
        ["Aperta il", day_text(cartella.aperta_il)],
        ["In carico dal", day_text(cartella.in_carico_dal)],
    ]
    if cartella.chiusa_il:
        righe.append(["Chiusa il", day_text(cartella.chiusa_il)])
    blocks: list[Block] = [{"tipo": "coppie", "righe": righe}]
    if cartella.passaggi:
        blocks.append(_passaggi(cartella.passaggi, names))
    return blocks


def _passaggi(passaggi: tuple[Passaggio, ...], names: _Names) -> Block:
    return _table(
        "Passaggi del caso",
        [("Quando", 2), ("Passaggio", 2), ("Operatore", 2), ("Motivo", 4)],
        [
            [
                datetime_text(passo.quando),
                code_text(passo.tipo),
                names(passo.operatore_id),
                passo.motivo or "–",
            ]
            for passo in passaggi
        ],
    )


def _voce(voce: VoceDiarioOut, names: _Names) -> Block:
    meta = [f"Scritta da {names(voce.autore_id)}"]
    if voce.con_chi:
        meta.append(f"con {voce.con_chi}")
    if voce.dove:
        meta.append(voce.dove)
    avvisi = ["Nota privata: la legge solo chi l'ha scritta."] if voce.privata else []
    if voce.annullata:
        avvisi.append(f"Voce annullata. Motivo: {voce.motivo_annullamento or '–'}")
    return {
        "tipo": "voce",
        "titolo": f"{code_text(voce.tipo)}, {datetime_text(voce.quando)}",
        "meta": " · ".join(meta),
        "testo": voce.testo,
        "avviso": " ".join(avvisi),
        "annullata": voce.annullata,
    }


def _isee(isee: tuple[IseeOut, ...]) -> list[Block]:
    if not isee:
        return []
    righe = [
        [
            code_text(i.tipo),
            i.protocollo_dsu,
            date_text(i.data_presentazione),
            date_text(i.scadenza),
            decimal_text(i.scala),
            euro_text(i.isee),
        ]
        for i in isee
    ]
    columns = [
        ("Tipo", 2),
        ("Protocollo DSU", 4),
        ("Presentata il", 2),
        ("Scadenza", 2),
        (">Scala", 1),
        (">ISEE", 2),
    ]
    return [_table("Attestazioni ISEE", columns, righe)]


def _foglio(foglio: FoglioOut, names: _Names) -> Block:
    decisione = "–"
    if foglio.approvatore_id:
        decisione = f"{names(foglio.approvatore_id)}, {day_text(foglio.deciso_il)}"
    righe = [
        ["Intervento", f"{foglio.voce_nome} ({foglio.voce_istat})"],
        ["Stato", code_text(foglio.stato)],
        ["Importo", f"{euro_text(foglio.importo)} ({code_text(foglio.carattere).lower()})"],
        ["Quota ente", euro_text(foglio.quota_ente)],
        ["Quota beneficiario", euro_text(foglio.quota_beneficiario)],
        ["Quota servizio sanitario", euro_text(foglio.quota_ssn)],
        ["Periodo", f"dal {date_text(foglio.dal)}" + (f" al {date_text(foglio.al)}" if foglio.al else "")],
        ["Proposto da", names(foglio.proponente_id)],
        ["Deciso da", decisione],
        ["Motivazione", foglio.motivazione],
    ]
    return {"tipo": "coppie", "titolo": f"Foglio n. {foglio.numero}", "righe": righe}


def _erogazioni(erogazioni: tuple[ErogazioneOut, ...]) -> list[Block]:
    if not erogazioni:
        return []
    righe = [
        [
            month_text(e.mese),
            e.foglio_numero,
            e.voce_nome,
            code_text(e.stato),
            day_text(e.liquidata_il),
            euro_text(e.importo),
        ]
        for e in sorted(erogazioni, key=lambda e: (e.mese, e.foglio_numero))
    ]
    columns = [
        ("Mese", 2),
        ("Foglio", 2),
        ("Intervento", 4),
        ("Stato", 2),
        ("Liquidata il", 2),
        (">Importo", 2),
    ]
    return [_table("Erogazioni del caso", columns, righe)]


def _documenti(documenti: tuple[DocumentoOut, ...], names: _Names) -> list[Block]:
    if not documenti:
        return []
    righe = [
        [d.nome_file + (" (privato)" if d.privato else ""), code_text(d.tipo), d.descrizione or "–",
         day_text(d.caricato_il), names(d.autore_id), size_text(d.dimensione)]
        for d in documenti
    ]  # fmt: skip
    columns = [("File", 4), ("Tipo", 2), ("Descrizione", 3), ("Caricato il", 2), ("Da", 2), (">Peso", 1)]
    return [_table("Documenti allegati alla cartella (non riprodotti in questa stampa)", columns, righe)]


def _table(didascalia: str, columns: list[tuple[str, int]], righe: list[list[str]]) -> Block:
    """`columns`: (name, relative width); a name that begins with `>` is aligned right."""
    return {
        "tipo": "tabella",
        "didascalia": didascalia,
        "colonne": [
            {"nome": name.lstrip(">"), "destra": name.startswith(">"), "larghezza": width}
            for name, width in columns
        ],
        "righe": righe,
    }
