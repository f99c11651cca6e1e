"""The words of the office for the values of the contracts, with the colour that goes with a state.

A value without a label is shown as it is, underscores as blanks: a new value never breaks a page.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Label:
    text: str
    colour: str = ""


STATI: dict[str, dict[str, Label]] = {
    "cartella": {
        "aperta": Label("Aperto, da prendere in carico", "ambra"),
        "in_carico": Label("In carico", "verde"),
        "chiusa": Label("Chiuso"),
    },
    "foglio": {
        "proposto": Label("Da approvare", "ambra"),
        "approvato": Label("Approvato", "verde"),
        "respinto": Label("Respinto", "rosso"),
        "sospeso": Label("Sospeso", "viola"),
        "chiuso": Label("Chiuso"),
    },
    "erogazione": {
        "proposta": Label("Da liquidare", "ambra"),
        "approvata": Label("Approvata", "blu"),
        "liquidata": Label("Liquidata", "verde"),
        "pagata": Label("Pagata", "verde"),
        "annullata": Label("Annullata"),
    },
    "avviso": {
        "nuovo": Label("Nuovo", "blu"),
        "letto": Label("Letto"),
        "confermato": Label("Confermato", "verde"),
        "contestato": Label("Contestato", "viola"),
    },
    "stampa": {
        "in_corso": Label("In preparazione", "blu"),
        "pronta": Label("Pronta", "verde"),
        "fallita": Label("Non riuscita", "rosso"),
    },
    "caricamento": {
        "in_corso": Label("In corso", "blu"),
        "completato": Label("Completato", "verde"),
        "rifiutato": Label("Rifiutato", "rosso"),
        "in_attesa": Label("Aspetta una persona", "ambra"),
    },
    "client": {
        "proposto": Label("Da approvare", "ambra"),
        "attivo": Label("In uso", "verde"),
        "scaduto": Label("Scaduto"),
        "revocato": Label("Revocato", "rosso"),
    },
    "delega": {
        "in_corso": Label("In corso", "verde"),
        "futura": Label("Da iniziare", "blu"),
        "finita": Label("Finita"),
        "revocata": Label("Revocata", "rosso"),
    },
    "condivisione": {
        "proposta": Label("In attesa di risposta", "ambra"),
        "accettata": Label("In corso", "verde"),
        "futura": Label("Accettata, da iniziare", "blu"),
        "scaduta": Label("Scaduta"),
        "rifiutata": Label("Rifiutata", "rosso"),
        "revocata": Label("Revocata", "rosso"),
    },
    "anagrafico": {
        "residente": Label("Residente", "verde"),
        "deceduto": Label("Decesso", "rosso"),
        "emigrato": Label("Non più residente", "viola"),
    },
    "politica": {
        "bozza": Label("Bozza", "blu"),
        "proposta": Label("Da decidere", "ambra"),
        "approvata": Label("Approvata", "verde"),
        "respinta": Label("Respinta", "rosso"),
        "annullata": Label("Annullata", "viola"),
    },
    "emergenza": {
        "aperta": Label("In corso", "rosso"),
        "da_rivedere": Label("Da rivedere", "ambra"),
        "giustificata": Label("Giustificata", "verde"),
        "non_giustificata": Label("Non giustificata", "viola"),
    },
    "anomalia": {
        "nuova": Label("Da guardare", "ambra"),
        "vista": Label("Vista", "blu"),
        "chiusa": Label("Chiusa"),
    },
    "verifica": {
        "in_attesa": Label("Comincia entro un minuto", "blu"),
        "in_corso": Label("In corso", "blu"),
        "finita": Label("Finita"),
    },
    "siuss": {
        "da_correggere": Label("Da correggere", "rosso"),
        "pronto": Label("Pronto", "verde"),
        "inviato": Label("Inviato", "blu"),
        "accettato": Label("Accettato", "verde"),
        "rifiutato": Label("Rifiutato dall’INPS", "rosso"),
        "annullato": Label("Annullato"),
    },
}

AREE = {
    "famiglia_minori": "Famiglia e minori",
    "disabili": "Persone con disabilità",
    "dipendenze": "Dipendenze",
    "anziani": "Anziani",
    "immigrati": "Immigrati e nomadi",
    "poverta": "Povertà e disagio adulti",
    "multiutenza": "Multiutenza",
}
TIPI_VOCE = {
    "colloquio": "Colloquio",
    "telefonata": "Telefonata",
    "mail": "Mail",
    "visita_domiciliare": "Visita domiciliare",
    "riunione": "Riunione",
    "nota": "Nota",
}
TIPI_ISEE = {
    "ordinario": "Ordinario",
    "minorenni": "Per prestazioni a minorenni",
    "universitario": "Universitario",
    "sociosanitario": "Sociosanitario",
    "sociosanitario_residenze": "Sociosanitario per residenze",
    "corrente": "Corrente",
}
TIPI_DOCUMENTO = {
    "relazione": "Relazione",
    "identita": "Documento d’identità",
    "sanitario": "Certificato o referto sanitario",
    "tribunale": "Atto del tribunale",
    "isee": "Attestazione ISEE",
    "domanda": "Domanda o modulo",
    "lettera": "Lettera",
    "altro": "Altro",
}
TIPI_PASSAGGIO = {
    "apertura": "Apertura",
    "presa_in_carico": "Presa in carico",
    "assegnazione": "Assegnazione",
    "passaggio_settore": "Passaggio di settore",
    "chiusura": "Chiusura",
    "riapertura": "Riapertura",
    "variazione_anagrafica": "Variazione anagrafica",
    "secondo_livello": "Nel secondo livello",
    "fine_secondo_livello": "Fuori dal secondo livello",
    "condivisione_proposta": "Condivisione proposta",
    "condivisione_accettata": "Condivisione accettata",
    "condivisione_rifiutata": "Condivisione rifiutata",
    "condivisione_revocata": "Condivisione revocata",
}
TIPI_AVVISO = {
    "decesso": "Decesso",
    "trasferimento": "Trasferimento",
    "nascita": "Nascita",
    "variazione": "Variazione anagrafica",
    "nucleo": "Nucleo familiare",
    "foglio_da_approvare": "Da approvare",
    "foglio_deciso": "Intervento deciso",
    "stampa_pronta": "Stampa pronta",
    "condivisione_proposta": "Condivisione proposta",
    "condivisione_decisa": "Condivisione decisa",
    "altra_cartella": "Altra cartella",
    "emergenza_aperta": "Accesso d’emergenza",
    "accesso_anomalo": "Accessi da guardare",
    "riepilogo_accessi": "Riepilogo degli accessi",
}
TIPI_VINCOLO = {
    "indirizzo_protetto": "Indirizzo protetto",
    "adozione": "Adozione",
    "identita_originaria": "Identità originaria",
}
SEZIONI_STAMPA = {
    "presa_in_carico": "Presa in carico e passaggi",
    "diario": "Diario",
    "isee": "ISEE",
    "fogli": "Interventi e pagamenti",
    "documenti": "Elenco dei documenti",
}
CARATTERI = {"periodico": "Periodico (ogni mese)", "occasionale": "Una volta sola"}
RUOLI = {
    "assistente_sociale": "Assistente sociale",
    "coordinatore": "Coordinatrice o coordinatore",
    "amministrativo": "Ufficio amministrativo",
    "contabilita": "Contabilità",
    "dirigente": "Dirigente",
    "rpd": "Responsabile della protezione dei dati",
    "amministratore_sistema": "Amministratore di sistema",
    "analista": "Analista dei report",
    "segretariato": "Segretariato sociale",
    "educatore": "Educatrice o educatore",
    "psicologo": "Psicologa o psicologo",
    "pronto_intervento": "Pronto intervento",
    "fornitore": "Fornitore",
    "cittadino": "Cittadina o cittadino",
    "emergenza": "Chi ha aperto un’emergenza",
}
SETTORI = {
    "minori": "Minori",
    "adulti": "Adulti",
    "anziani": "Anziani",
    "amministrativo": "Amministrativo",
    "pronto_intervento": "Pronto intervento",
}
SESSI = {"M": "Maschio", "F": "Femmina"}
SECTIONS = {
    "anagrafe": "Anagrafe", "presa_in_carico": "Presa in carico", "diario": "Diario", "isee": "ISEE",
    "fogli": "Interventi",
    "liquidazioni": "Pagamenti", "documenti": "Documenti", "stampe": "Stampe", "siuss": "SIUSS", "report": "Report",
    "avvisi": "Avvisi", "caricamenti": "Notte", "registro_accessi": "Registro accessi", "operatori": "Operatori",
    "segretariato": "Segretariato", "attivita": "Attività professionali", "pai": "PAI", "valutazioni": "Valutazioni",
    "scuola": "Scuola", "tribunale": "Tribunale", "informazioni_governative": "Informazioni governative",
    "politica": "Politica di accesso", "secondo_livello": "Secondo livello", "condivisioni": "Condivisioni",
    "riservatezza": "Dati protetti", "emergenze": "Emergenze",
}  # fmt: skip

FATTI = {
    "abilitato": "Incarico dato",
    "terminato": "Incarico fatto finire",
    "revocato": "Revocato",
    "delegato": "Delega ricevuta",
    "delega_revocata": "Delega revocata",
}
CAMPI = {
    "atto": "Atto",
    "delegato_id": "Chi lo sostituisce",
    "email": "Mail di lavoro",
    "file": "File CSV",
    "incarico_id": "Incarico",
    "scelta": "Incarico",
    "chiave": "Chiave pubblica",
    "finalita": "Finalità",
    "fin_dove": "Fin dove arriva",
    "scopi": "Che cosa può fare",
    "data_presentazione": "Presentata il",
    "fondo": "Fondo o capitolo",
    "ise": "ISE",
    "isee": "ISEE",
    "isee_id": "ISEE",
    "motivazione": "Perché serve",
    "mesi": "Mesi di conservazione",
    "motivo": "Perché",
    "motivo_decisione": "Perché",
    "motivo_annullamento": "Perché la annulli",
    "motivo_assegna": "Perché",
    "motivo_riservatezza": "Perché",
    "settore_riservato": "Secondo livello",
    "sezioni_condivise": "Che cosa può vedere",
    "destinatario": "A chi",
    "protocollo_dsu": "Protocollo della DSU",
    "quota_beneficiario": "Quota persona",
    "quota_ente": "Quota del Comune",
    "quota_ssn": "Quota sanitaria",
    "responsabile_id": "Responsabile",
    "scadenza": "Scade il",
    "scala": "Scala di equivalenza",
    "sezioni": "Che cosa stampare",
    "team": "Équipe",
    "testo": "Che cosa è successo",
    "tipo": "Che cosa",
}
"""What a form calls a field, where it is not the field's own name: the summary of errors says it."""
AZIONI = {
    "leggi": "lettura", "scrivi": "scrittura", "approva": "approvazione", "liquida": "liquidazione",
    "esporta": "esportazione", "stampa": "stampa", "assegna": "assegnazione", "accesso": "entrata nel sistema",
}  # fmt: skip
REGOLE_ANOMALIA = {
    "molti_casi": "Molti casi in poco tempo",
    "fuori_orario": "Fuori orario",
    "stesso_cognome": "Stesso cognome di chi legge",
    "stesso_indirizzo": "Stesso indirizzo di chi legge",
    "senza_assegnazione": "Caso non assegnato a chi legge",
}
WORDS: dict[str, dict[str, str]] = {
    "azione": AZIONI, "regola_anomalia": REGOLE_ANOMALIA,
    "campo": CAMPI, "fatto": FATTI,
    "area": AREE, "tipo_voce": TIPI_VOCE, "tipo_isee": TIPI_ISEE, "tipo_documento": TIPI_DOCUMENTO,
    "passaggio": TIPI_PASSAGGIO, "tipo_avviso": TIPI_AVVISO, "vincolo": TIPI_VINCOLO,
    "carattere": CARATTERI, "ruolo": RUOLI, "settore": SETTORI,
    "sesso": SESSI, "sezione": SECTIONS, "sezione_stampa": SEZIONI_STAMPA,
}  # fmt: skip


def plain(value: str) -> str:
    """`visita_domiciliare` → "Visita domiciliare"."""
    words = value.replace("_", " ")
    return words[:1].upper() + words[1:]


def word(value: object, kind: str) -> str:
    """The office's word for a value of the vocabulary `kind`."""
    text = str(value or "")
    return WORDS[kind].get(text, plain(text))


def state(value: object, kind: str) -> Label:
    """Text and colour of a state of the aggregate `kind`."""
    text = str(value)
    return STATI[kind].get(text, Label(plain(text)))


def options(kind: str) -> list[tuple[str, str]]:
    """Value and word of a whole vocabulary, for a select."""
    return list(WORDS[kind].items())
