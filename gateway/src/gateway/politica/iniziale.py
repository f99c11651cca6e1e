"""The policy the system starts with: role → extent → scopes. What is not here is `nessuno`.

A `sezione:leggi+scrivi` names several actions at once. A system administrator sees no case; the DPO sees who read
what, not what was read; statistics are for those who decide and those who analyse. The administrator writes a change
of the policy, another administrator or a director approves it. The offices that pay take the cases of the second level
that are lent to them for it.
"""

from collections.abc import Iterator

from contracts.mandato import AZIONI, SEZIONI, Extent

VERSION = 1

RULES: dict[str, dict[Extent, str]] = {
    "assistente_sociale": {
        Extent.ENTE: "anagrafe:leggi",
        Extent.SETTORE: "presa_in_carico:leggi+scrivi segretariato:leggi+scrivi diario:leggi+scrivi"
        " attivita:leggi+scrivi pai:leggi+scrivi isee:leggi+scrivi valutazioni:leggi+scrivi scuola:leggi+scrivi"
        " tribunale:leggi+scrivi documenti:leggi+scrivi stampe:stampa fogli:leggi+scrivi liquidazioni:leggi"
        " avvisi:leggi+scrivi secondo_livello:leggi+scrivi condivisioni:leggi+scrivi",
    },
    "educatore": {
        Extent.ENTE: "anagrafe:leggi",
        Extent.PROPRI: "presa_in_carico:leggi diario:leggi+scrivi attivita:leggi+scrivi pai:leggi scuola:leggi"
        " documenti:leggi+scrivi avvisi:leggi+scrivi",
        Extent.SETTORE: "secondo_livello:leggi",
    },
    "psicologo": {
        Extent.ENTE: "anagrafe:leggi",
        Extent.PROPRI: "presa_in_carico:leggi diario:leggi+scrivi attivita:leggi+scrivi pai:leggi+scrivi"
        " valutazioni:leggi+scrivi scuola:leggi tribunale:leggi documenti:leggi+scrivi stampe:stampa"
        " avvisi:leggi+scrivi",
        Extent.SETTORE: "secondo_livello:leggi",
    },
    "segretariato": {
        Extent.ENTE: "anagrafe:leggi segretariato:leggi+scrivi",
        Extent.SETTORE: "avvisi:leggi+scrivi",
    },
    "coordinatore": {
        Extent.ENTE: "anagrafe:leggi report:leggi riservatezza:leggi+scrivi emergenze:leggi+approva",
        Extent.SETTORE: "presa_in_carico:leggi+scrivi+assegna segretariato:leggi+scrivi diario:leggi+scrivi"
        " attivita:leggi+scrivi pai:leggi+scrivi+approva isee:leggi+scrivi valutazioni:leggi+scrivi"
        " scuola:leggi+scrivi tribunale:leggi+scrivi documenti:leggi+scrivi stampe:stampa"
        " fogli:leggi+scrivi+approva liquidazioni:leggi avvisi:leggi+scrivi secondo_livello:leggi+scrivi"
        " condivisioni:leggi+scrivi",
    },
    "amministrativo": {
        Extent.ENTE: "anagrafe:leggi fogli:leggi isee:leggi liquidazioni:leggi+scrivi siuss:leggi+esporta"
        " caricamenti:leggi+approva",
        Extent.SETTORE: "avvisi:leggi+scrivi condivisioni:leggi+scrivi",
    },
    "contabilita": {
        Extent.ENTE: "anagrafe:leggi fogli:leggi liquidazioni:leggi+liquida siuss:leggi",
        Extent.SETTORE: "avvisi:leggi+scrivi condivisioni:leggi+scrivi",
    },
    "dirigente": {
        Extent.ENTE: "report:leggi+esporta caricamenti:leggi politica:leggi+approva",
        Extent.SETTORE: "avvisi:leggi+scrivi",
    },
    "rpd": {
        Extent.ENTE: "registro_accessi:leggi+scrivi+esporta operatori:leggi politica:leggi emergenze:leggi+approva",
        Extent.PROPRI: "avvisi:leggi+scrivi",
    },
    "amministratore_sistema": {
        Extent.ENTE: "operatori:leggi+scrivi caricamenti:leggi+approva politica:leggi+scrivi+approva"
    },
    "pronto_intervento": {
        Extent.ENTE: "anagrafe:leggi emergenze:scrivi",
        Extent.PROPRI: "presa_in_carico:leggi diario:leggi+scrivi avvisi:leggi+scrivi emergenze:leggi",
    },
    "fornitore": {
        Extent.PROPRI: "presa_in_carico:leggi attivita:leggi+scrivi documenti:scrivi avvisi:leggi+scrivi",
        Extent.SETTORE: "condivisioni:leggi+scrivi",
    },
    "analista": {Extent.PROVINCIA: "report:leggi+esporta"},
    "cittadino": {Extent.PROPRI: "registro_accessi:leggi"},
    "emergenza": {Extent.PROPRI: "presa_in_carico:leggi diario:leggi tribunale:leggi documenti:leggi"},
}


def rules() -> Iterator[tuple[str, str, str, str]]:
    """(ruolo, sezione, azione, estensione), one per row; ValueError for a word the contracts do not know."""
    for ruolo, extents in RULES.items():
        for extent, scopes in extents.items():
            for scope in scopes.split():
                sezione, _, azioni = scope.partition(":")
                for azione in azioni.split("+"):
                    if sezione not in SEZIONI or azione not in AZIONI:
                        raise ValueError(f"unknown scope {sezione}:{azione} of {ruolo}")
                    yield ruolo, sezione, azione, extent.value
