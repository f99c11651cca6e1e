"""What a page says after something was done: a fixed table, so that an address can never put words on a page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """`draft`: kind of the draft that is no longer needed; the page adds its id. `done`: false for what was not."""

    text: str
    draft: str = ""
    done: bool = True


NOTICES: dict[str, Notice] = {
    "caso_aperto": Notice("Caso aperto. Puoi prenderlo in carico da “Azioni”.", "caso"),
    "in_carico": Notice("Il caso è in carico a te."),
    "assegnato": Notice("Assegnazione registrata.", "carico"),
    "chiuso": Notice("Caso chiuso. Resta leggibile e si può riaprire.", "carico"),
    "riaperto": Notice("Caso riaperto.", "carico"),
    "diario": Notice("Voce di diario registrata.", "diario"),
    "diario_rettificato": Notice("Voce rettificata. La versione di prima resta nella storia.", "rettifica"),
    "diario_annullato": Notice("Voce annullata. Resta leggibile, barrata, con il motivo."),
    "isee": Notice("ISEE registrato.", "isee"),
    "foglio": Notice("Intervento proposto. Lo approva chi coordina, non chi lo propone.", "foglio"),
    "approvato": Notice("Intervento approvato."),
    "respinto": Notice("Intervento respinto. Chi lo ha proposto riceve un avviso."),
    "erogazione": Notice("Pagamento proposto. Lo liquida un’altra persona."),
    "liquidata": Notice("Pagamento liquidato."),
    "annullata": Notice("Pagamento annullato."),
    "documento": Notice("Documento caricato.", "documento"),
    "stampa": Notice("Stampa avviata: ti avviso quando è pronta."),
    "avviso_confermato": Notice("Variazione confermata."),
    "avviso_contestato": Notice("Segnalazione inviata.", "avviso"),
    "avviso_letto": Notice("Avviso segnato come letto."),
    "flusso": Notice("Flusso generato: scaricalo e caricalo sul portale INPS."),
    "protezione": Notice("Protezione messa. Vale da subito in tutte le pagine."),
    "protezione_tolta": Notice("Protezione tolta. Resta nella storia."),
    "caricamento": Notice("Caricamento lasciato passare."),
    "secondo_livello": Notice("Secondo livello aggiornato."),
    "condivisione_proposta": Notice("Proposta inviata: la vede chi la riceve, e decide.", "condivisione"),
    "condivisione_accettata": Notice("Condivisione accettata: da adesso vedi le parti condivise del caso."),
    "condivisione_rifiutata": Notice("Condivisione rifiutata. Chi l’ha proposta vede il motivo."),
    "condivisione_revocata": Notice("Condivisione revocata: da adesso non apre più nulla."),
    "emergenza_aperta": Notice(
        "Emergenza aperta. Chi coordina e il responsabile della protezione dei dati lo sanno."
    ),
    "emergenza_chiusa": Notice("Emergenza chiusa. Resta da rivedere."),
    "emergenza_rivista": Notice("Revisione firmata."),
    "politica_bozza": Notice("Bozza pronta: non cambia nulla finché un’altra persona non approva."),
    "politica_salvata": Notice("Salvato nella bozza."),
    "politica_proposta": Notice("Proposta inviata: la decide un’altra persona."),
    "politica_ritirata": Notice("Proposta ritirata: è di nuovo una bozza."),
    "politica_eliminata": Notice("Bozza eliminata."),
    "politica_approvata": Notice("Versione approvata."),
    "politica_annullo": Notice("Richiesta inviata: la annulla un’altra persona."),
    "politica_annullata": Notice("Versione annullata: non entrerà in vigore."),
    "politica_tenuta": Notice("La versione resta approvata."),
    "politica_respinta": Notice("Versione respinta."),
    "verifica_chiesta": Notice("Il controllo comincia entro un minuto: puoi lasciare questa pagina."),
    "anomalia_chiusa": Notice("Segnalazione chiusa."),
    "termini_proposti": Notice("Proposta inviata: la decide un’altra persona."),
    "termini_approvati": Notice("Termini approvati: valgono da adesso."),
    "termini_respinti": Notice("Proposta respinta. Chi l’ha scritta legge il motivo."),
    "regole_salvate": Notice("Regole salvate: valgono dal prossimo minuto."),
    "non_inviato": Notice(
        "La sessione era finita: quello che hai inviato non è stato registrato."
        " Rientra: torni alla pagina dove scrivevi, e la bozza è lì.",
        done=False,
    ),
    "uscito": Notice("Sei uscito."),
    "uscito_ovunque": Notice("Sei uscito da qui e da ogni altro dispositivo."),
    "incarico": Notice("Incarico cambiato: in alto vedi con quale lavori adesso."),
    "sessione_chiusa": Notice("Sessione chiusa: da lì bisogna entrare di nuovo."),
    "sessioni_chiuse": Notice("Le altre sessioni sono chiuse. Resta questa."),
    "operatore": Notice("Operatore abilitato. Da adesso può entrare."),
    "incarico_dato": Notice("Incarico registrato."),
    "incarico_finito": Notice("Fine dell’incarico registrata."),
    "operatore_revocato": Notice("Operatore revocato: le sue sessioni sono già chiuse."),
    "elenco": Notice("Elenco registrato per intero."),
    "delega": Notice("Delega registrata. Chi ti sostituisce la trova tra i suoi incarichi.", "delega"),
    "delega_revocata": Notice("Delega revocata."),
    "client": Notice("Richiesta registrata. Vale quando un’altra persona l’approva."),
    "client_approvato": Notice("Client approvato."),
    "client_revocato": Notice("Client revocato: i suoi accessi sono già chiusi."),
    "chiave": Notice("Chiave registrata. Vale quando un’altra persona l’approva."),
    "chiave_approvata": Notice("Chiave approvata."),
    "chiave_revocata": Notice("Chiave revocata."),
}
