"""One small invented world for the tests of the pages: what each service answers about it."""
# ruff: noqa: E501  (a table of sample data reads better in long lines)

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid5

from contracts import anagrafe as a
from contracts import cartella as c
from contracts import condivisioni as k
from contracts import documenti as d
from contracts import erogazioni as e
from contracts import notifiche as n
from contracts import report as r
from gateway.seed import IDENTITIES
from gateway.testing import FakeServices

SPACE = UUID("00000000-0000-4000-8000-000000000000")
OPERATORI = {identity.identita: identity.operatore_id for identity in IDENTITIES}
INCARICO = IDENTITIES[0].incarico_id
"""Giulia's."""
GIULIA, MARCO, ANNA = OPERATORI["giulia.bianchi"], OPERATORI["marco.verdi"], OPERATORI["anna.ferrari"]
PAOLO, CARLA = OPERATORI["paolo.neri"], OPERATORI["carla.russo"]


def known(name: str) -> UUID:
    return uuid5(SPACE, name)


CASO, LUCA, MARIA = known("caso"), known("luca"), known("maria")
FOGLIO, EROGAZIONE, VOCE, ISEE = known("foglio"), known("erogazione"), known("voce"), known("isee")
DOCUMENTO, STAMPA, AVVISO, FLUSSO, CARICAMENTO = (
    known(name) for name in ("documento", "stampa", "avviso", "flusso", "caricamento")
)
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 11, day, hour, 30, tzinfo=UTC)


COMPONENTI = (
    a.Componente(
        id=LUCA, codice_fiscale="RSSLCU17C12F704X", cognome="Rossi", nome="Luca", sesso="M", ente="F704",
        data_nascita=date(2017, 3, 12), comune_nome="Monza", relazione="03", relazione_nome="Figlio",
    ),
    a.Componente(
        id=MARIA, codice_fiscale=None, cognome="D’Amico", nome="Maria Niccolò", sesso="F", ente="F704",
        data_nascita=date(1948, 5, 2), comune_nome="Monza", relazione="09", relazione_nome="Nonna",
        stato=a.StatoAnagrafico.DECEDUTO, data_decesso=date(2026, 11, 21),
    ),
)  # fmt: skip
RESIDENTE = a.ResidenteOut(
    id=LUCA, codice_fiscale="RSSLCU17C12F704X", cognome="Rossi", nome="Luca", sesso="M", data_nascita=date(2017, 3, 12),
    ente="F704", comune_nome="Monza", via="Via Lecco", civico="4", luogo_nascita_nome="Monza",
    cittadinanza_nome="Italia", stato_civile_nome="Celibe", nucleo=COMPONENTI,
    indirizzo=a.Indirizzo(via="Via Lecco", civico="4", comune="F704", comune_nome="Monza"),
)  # fmt: skip
VINCOLO = a.VincoloOut(
    id=known("vincolo"), residente_id=LUCA, tipo=a.TipoVincolo.INDIRIZZO_PROTETTO, dal=date(2026, 11, 2), al=None,
    atto="Decreto n. 12/2026", motivo="Richiesta del centro antiviolenza", inserito_da=ANNA, inserito_il=at(2),
    in_vigore=True, version=1,
)  # fmt: skip
CARTELLA = c.CartellaOut(
    id=CASO, numero="2026/001042", residente_id=LUCA, ente="F704", settore="minori", area=c.Area.FAMIGLIA_MINORI,
    stato=c.StatoCartella.IN_CARICO, responsabile_id=GIULIA, team=(MARCO,), comune_residenza="F704", aperta_il=at(2),
    in_carico_dal=at(3), version=3,
    passaggi=(
        c.Passaggio(id=known("p1"), tipo="apertura", quando=at(2), operatore_id=GIULIA, motivo="Segnalazione della scuola"),
        c.Passaggio(id=known("p2"), tipo="presa_in_carico", quando=at(3), operatore_id=GIULIA, a_operatore_id=GIULIA),
    ),
)  # fmt: skip
ENTRY = c.VoceDiarioOut(
    id=VOCE, cartella_id=CASO, tipo=c.TipoVoce.COLLOQUIO, quando=at(18), con_chi="la madre", dove="sede",
    testo="Colloquio con la madre.\nRiferisce difficoltà per l’affitto: <b>tre</b> mesi arretrati.", privata=False,
    autore_id=GIULIA, scritta_il=at(18, 11), version=2,
    versioni=(
        c.VersioneVoce(version=1, testo="Colloquio con il padre.", tipo=c.TipoVoce.COLLOQUIO, quando=at(18),
                       modificata_il=at(18, 11), motivo="persona sbagliata"),
    ),
)  # fmt: skip
PRIVATE = ENTRY.model_copy(
    update={
        "id": known("privata"),
        "privata": True,
        "testo": "Da verificare con cautela.",
        "version": 1,
        "versioni": (),
    }
)
ISEE_OUT = c.IseeOut(
    id=ISEE, cartella_id=CASO, tipo=c.TipoIsee.MINORENNI, protocollo_dsu="INPS-ISEE-2026-01234567A-00",
    data_presentazione=date(2026, 2, 3), scadenza=date(2026, 12, 31), ise=Decimal("15800.00"), scala=Decimal("2.46"),
    isee=Decimal("6422.76"), omissioni=True, note="", autore_id=GIULIA, scritto_il=at(5), version=1,
    avvisi=("L’ISEE non torna con ISE diviso scala di equivalenza.",),
)  # fmt: skip
CONDIVISIONE = k.CondivisioneOut(
    id=known("condivisione"), cartella_id=None, numero="2026/001042", da_ente="F704", da_settore="minori", ente="F704",
    settore="adulti", sezioni=("diario", "isee"), dal=at(20), al=datetime(2027, 3, 31, 21, 59, 59, tzinfo=UTC),
    nascondi_prima=True, motivo="Progetto con la madre", proposta_da=GIULIA, proposta_il=at(20), version=1,
)  # fmt: skip
FOGLIO_OUT = e.FoglioOut(
    id=FOGLIO, numero="F-2026-000077", cartella_id=CASO, residente_id=LUCA, ente="F704", voce_istat="B5",
    voce_nome="Contributi economici a integrazione del reddito familiare", prestazione_inps="A1.04",
    carattere=e.Carattere.PERIODICO, importo=Decimal("320.00"), quota_ente=Decimal("320.00"),
    quota_beneficiario=Decimal("0.00"), quota_ssn=Decimal("0.00"), dal=date(2026, 11, 1), al=date(2027, 12, 31),
    isee_id=ISEE, fondo="Capitolo 1204", motivazione="Tre mensilità di affitto arretrate.",
    stato=e.StatoFoglio.APPROVATO, proponente_id=GIULIA, approvatore_id=ANNA, deciso_il=at(10), motivo_decisione="",
    version=2, creato_il=at(8),
)  # fmt: skip
PROPOSED = FOGLIO_OUT.model_copy(
    update={
        "id": known("proposto"),
        "stato": e.StatoFoglio.PROPOSTO,
        "approvatore_id": None,
        "deciso_il": None,
        "version": 1,
    }
)
PAYMENT = e.ErogazioneOut(
    id=EROGAZIONE, foglio_id=FOGLIO, foglio_numero="F-2026-000077", cartella_id=CASO, residente_id=LUCA, ente="F704",
    voce_nome=FOGLIO_OUT.voce_nome, prestazione_inps="A1.04", mese="2026-11", importo=Decimal("1320.50"),
    stato=e.StatoErogazione.PROPOSTA, proponente_id=PAOLO, liquidatore_id=None, liquidata_il=None, version=1,
)  # fmt: skip
PAID = PAYMENT.model_copy(
    update={
        "id": known("pagata"),
        "stato": e.StatoErogazione.LIQUIDATA,
        "liquidatore_id": CARLA,
        "liquidata_il": at(20),
    }
)
DEATH = n.AvvisoOut(
    id=AVVISO, tipo="decesso", titolo="Decesso nel nucleo", descrizione="Risulta deceduta una persona convivente.",
    residente_id=MARIA, cartella_id=CASO, cartella_numero="2026/001042", campi_variati=("data_decesso",),
    stato=n.StatoAvviso.NUOVO, da_confermare=True, gravita="alta", data_evento=date(2026, 11, 21), creato_il=at(22),
    version=1,
)  # fmt: skip
MOVED = DEATH.model_copy(
    update={
        "id": known("trasloco"),
        "tipo": "trasferimento",
        "titolo": "Cambio di indirizzo",
        "gravita": "normale",
        "residente_id": LUCA,
    }
)
DOCUMENT = d.DocumentoOut(
    id=DOCUMENTO, cartella_id=CASO, nome_file="relazione_scuola.pdf", tipo_mime="application/pdf", dimensione=5 * 1024 * 1024,
    sha256="ab" * 32, tipo="relazione", descrizione="Relazione della scuola", data_documento=date(2026, 11, 4),
    privato=False, autore_id=MARCO, caricato_il=at(6), stato=d.StatoDocumento.CARICATO, version=1,
)  # fmt: skip
DOWNLOAD = d.DownloadOut(
    get_url="http://store.test/x", nome_file="x.pdf", tipo_mime="application/pdf", dimensione=4, sha256="00"
)
PRINT = d.StampaOut(
    id=STAMPA, cartella_id=CASO, stato=d.StatoStampa.PRONTA, pagine=4, sha256="cd" * 32, richiesta_il=at(21),
    pronta_il=at(21), download=DOWNLOAD,
)  # fmt: skip
CATALOGUE = (
    e.VoceCatalogo(codice="B5", macro_categoria="Trasferimenti in denaro", aree=("famiglia_minori",), esportabile=True,
                   nome="Contributi economici a integrazione del reddito familiare", prestazione_inps="A1.04",
                   prestazione_nome="Contributi economici a integrazione del reddito familiare", prova_mezzi="1"),
    e.VoceCatalogo(codice="A12", macro_categoria="Interventi e servizi", aree=("famiglia_minori",), nome="Sostegno socio-educativo"),
)  # fmt: skip
RECORD = e.RecordSiuss(
    erogazione_id=EROGAZIONE, cartella_id=CASO, residente_id=LUCA, responsabile_id=GIULIA, prestazione_inps="A1.04",
    importo=Decimal("320.00"), mese="2026-11", stato=e.StatoRecordSiuss.DA_CORREGGERE,
    anomalie=(e.AnomaliaSiuss(campo="al", messaggio="Manca la data di fine: serve per l’invio all’INPS."),),
)  # fmt: skip
FLOW = e.FlussoOut(
    id=FLUSSO, nome="F704_202611_0001.xml", ente="F704", mese="2026-11", record=3, sha256="ef" * 32, generato_il=at(22),
    generato_da=PAOLO,
)  # fmt: skip
LOAD = a.CaricamentoOut(
    id=CARICAMENTO, ente="F704", comune_nome="Monza", file="residenti_F704_20261121.csv", stato=a.StatoCaricamento.COMPLETATO,
    righe=1704, nascite=1, decessi=1, trasferimenti=1, variazioni=3, rifiutate=2, secondi=Decimal("1.4"), iniziato_il=at(22, 2),
)  # fmt: skip
WAITING = LOAD.model_copy(
    update={"id": known("attesa"), "ente": "B212", "comune_nome": "Brugherio", "stato": a.StatoCaricamento.IN_ATTESA,
            "motivo": "Toglierebbe 412 residenti su 900.", "rifiutate": 0}
)  # fmt: skip


def cell(value: int | None) -> r.Cella:
    return r.Cella(valore=value, protetta=value is None)


CROSSTAB = r.CrosstabOut(
    misura="in_carico", dimensioni_righe=("comune",), dimensioni_colonne=("area", "sesso"), righe=(("F704",), ("B212",)),
    colonne=(("famiglia_minori", "F"), ("famiglia_minori", "M"), ("anziani", "F")),
    celle=((cell(12), cell(1234), cell(None)), (cell(None), cell(8), cell(6))), totali_righe=(cell(None), cell(None)),
    totali_colonne=(cell(None), cell(1242), cell(None)), totale=cell(1262), soglia=5, enti=("F704", "B212"), dati_al=at(22),
)  # fmt: skip

ANSWERS = {
    "anagrafe.list_enti": a.EntiOut(enti=(a.Ente(codice="F704", nome="Monza"), a.Ente(codice="B212", nome="Brugherio"))),
    "anagrafe.search_residenti": a.ResidentiTrovati(residenti=COMPONENTI, totale=2),
    "anagrafe.get_residente": RESIDENTE,
    "anagrafe.get_residenti": lambda request: a.ResidentiOut(
        residenti=tuple(
            RESIDENTE.model_copy(update={"id": p.id, "cognome": p.cognome, "nome": p.nome})
            for p in COMPONENTI if p.id in request.residenti_id
        )
    ),
    "anagrafe.list_variazioni": a.VariazioniOut(
        variazioni=(
            a.VariazioneResidente(campo="data_decesso", prima="", dopo="21/11/2026", valida_dal=date(2026, 11, 21), conosciuta_dal=at(22)),
        )
    ),
    "anagrafe.list_vincoli": a.VincoliOut(vincoli=(VINCOLO,), totale=1),
    "anagrafe.list_caricamenti": a.CaricamentiOut(caricamenti=(LOAD, WAITING), totale=2),
    "anagrafe.list_righe_rifiutate": a.RigheRifiutateOut(
        righe=(a.RigaRifiutata(riga=12, colonna="data_nascita", valore="=31/02/2026", motivo="La data non esiste."),)
    ),
    "cartella.get_cartella": CARTELLA,
    "cartella.list_cartelle": c.CartelleOut(cartelle=(CARTELLA,), totale=1),
    "cartella.explain_accesso": k.AccessoOut(
        cartella_id=CASO, ente="F704", settore="minori", responsabile_id=GIULIA, team=(GIULIA, MARCO), propria=True,
        regole=(k.RegolaAccesso(tipo=k.TipoRegola.TEAM, sezioni=("presa_in_carico", "diario")),),
    ),
    "cartella.list_voci_diario": c.VociDiarioOut(voci=(ENTRY, PRIVATE), totale=2),
    "cartella.get_voce_diario": ENTRY,
    "cartella.list_condivisioni": k.CondivisioniOut(condivisioni=(CONDIVISIONE,), totale=1),
    "cartella.list_isee": c.IseeListOut(isee=(ISEE_OUT,)),
    "documenti.list_documenti": d.DocumentiOut(documenti=(DOCUMENT,), totale=1),
    "documenti.list_stampe": d.StampeOut(stampe=(PRINT,)),
    "documenti.get_stampa": PRINT,
    "documenti.get_download": DOWNLOAD,
    "erogazioni.list_catalogo": e.CatalogoOut(voci=CATALOGUE),
    "erogazioni.list_fogli": e.FogliOut(fogli=(FOGLIO_OUT, PROPOSED), totale=2),
    "erogazioni.get_foglio": lambda request: PROPOSED if request.foglio_id == PROPOSED.id else FOGLIO_OUT,
    "erogazioni.list_erogazioni": e.ErogazioniOut(erogazioni=(PAYMENT, PAID), totale=2, totale_importo=Decimal("2641.00")),
    "erogazioni.preview_siuss": e.PreviewSiussOut(
        mese="2026-11", record=(RECORD, RECORD.model_copy(update={"erogazione_id": known("pronto"), "stato": e.StatoRecordSiuss.PRONTO, "anomalie": ()}))
    ),
    "erogazioni.list_flussi": e.FlussiOut(flussi=(FLOW,)),
    "erogazioni.get_flusso": e.FlussoXml(flusso=FLOW, xml="<Flusso/>"),
    "notifiche.list_avvisi": n.AvvisiOut(avvisi=(DEATH, MOVED), totale=2, non_letti=2),
    "report.run_crosstab": CROSSTAB,
}  # fmt: skip


def populate(services: FakeServices) -> None:
    for method, answer in ANSWERS.items():
        services.answer(method, answer)
