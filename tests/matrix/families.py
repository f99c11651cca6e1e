"""Routes about who works here, by what rules, who read what, and files by ente: no case stands in their answers. And
the routes of everybody, of citizens, of nobody in particular.

Each is named, with the scopes it should ask: who sees cases has not got these by it. `governing` asks them.
"""

from __future__ import annotations

from tests.matrix import doors
from tests.matrix.doors import Door, table

OPERATORI = table("operatori", """
POST /api/v1/incarichi/{incarico_id}/fine operatori:scrivi
GET /api/v1/operatori operatori:leggi
POST /api/v1/operatori operatori:scrivi
POST /api/v1/operatori/elenchi operatori:scrivi
GET /api/v1/operatori/elenchi/modello operatori:scrivi
GET /api/v1/operatori/nomine operatori:leggi
GET /api/v1/operatori/registro operatori:leggi
GET /api/v1/operatori/{operatore_id} operatori:leggi
POST /api/v1/operatori/{operatore_id}/incarichi operatori:scrivi
POST /api/v1/operatori/{operatore_id}/revoca operatori:scrivi
GET /operatori operatori:leggi
GET /operatori/da-file operatori:leggi+operatori:scrivi
POST /operatori/da-file operatori:leggi+operatori:scrivi
GET /operatori/da-file/modello.csv operatori:leggi+operatori:scrivi
GET /operatori/nomine operatori:leggi
GET /operatori/nuovo operatori:leggi+operatori:scrivi
POST /operatori/nuovo operatori:leggi+operatori:scrivi
GET /operatori/{operatore_id} operatori:leggi
POST /operatori/{operatore_id}/incarichi operatori:leggi+operatori:scrivi
GET /operatori/{operatore_id}/incarichi/{incarico_id}/fine operatori:leggi+operatori:scrivi
POST /operatori/{operatore_id}/incarichi/{incarico_id}/fine operatori:leggi+operatori:scrivi
POST /operatori/{operatore_id}/revoca operatori:leggi+operatori:scrivi
""")  # fmt: skip
CLIENTI = table("clienti", """
GET /api/v1/clienti operatori:leggi
POST /api/v1/clienti operatori:scrivi
GET /api/v1/clienti/{client_id} operatori:leggi
POST /api/v1/clienti/{client_id}/approvazione operatori:scrivi
POST /api/v1/clienti/{client_id}/chiavi operatori:scrivi
POST /api/v1/clienti/{client_id}/chiavi/{kid}/approvazione operatori:scrivi
POST /api/v1/clienti/{client_id}/chiavi/{kid}/revoca operatori:scrivi
POST /api/v1/clienti/{client_id}/revoca operatori:scrivi
GET /clienti operatori:leggi
GET /clienti/nuovo operatori:leggi+operatori:scrivi
POST /clienti/nuovo operatori:leggi+operatori:scrivi
GET /clienti/{client_id} operatori:leggi
POST /clienti/{client_id}/approvazione operatori:leggi+operatori:scrivi
POST /clienti/{client_id}/chiavi operatori:leggi+operatori:scrivi
POST /clienti/{client_id}/chiavi/{kid}/approvazione operatori:leggi+operatori:scrivi
POST /clienti/{client_id}/chiavi/{kid}/revoca operatori:leggi+operatori:scrivi
POST /clienti/{client_id}/revoca operatori:leggi+operatori:scrivi
""")  # fmt: skip
DELEGHE = table("deleghe", """
GET /api/v1/deleghe -
POST /api/v1/deleghe -
POST /api/v1/deleghe/{delega_id}/revoca -
GET /deleghe -
POST /deleghe -
POST /deleghe/{delega_id}/revoca -
""")  # fmt: skip
POLITICA = table("politica", """
GET /api/v1/politica politica:leggi
POST /api/v1/politica/bozze politica:scrivi
GET /api/v1/politica/{version} politica:leggi
POST /api/v1/politica/{version}/annullo politica:scrivi
POST /api/v1/politica/{version}/annullo/decisione politica:approva
GET /api/v1/politica/{version}/anteprima politica:leggi
POST /api/v1/politica/{version}/contenuto politica:scrivi
GET /api/v1/politica/{version}/csv politica:leggi
POST /api/v1/politica/{version}/decisione politica:approva
POST /api/v1/politica/{version}/eliminazione politica:scrivi
POST /api/v1/politica/{version}/proposta politica:scrivi
POST /api/v1/politica/{version}/ritiro politica:scrivi
GET /politica politica:leggi
POST /politica/bozze politica:scrivi+politica:leggi
GET /politica/{version} politica:leggi
POST /politica/{version}/annulla politica:scrivi+politica:leggi
POST /politica/{version}/annulla/decidi politica:approva+politica:leggi
GET /politica/{version}/csv politica:leggi
POST /politica/{version}/csv politica:scrivi+politica:leggi
POST /politica/{version}/decidi politica:approva+politica:leggi
POST /politica/{version}/elimina politica:scrivi+politica:leggi
GET /politica/{version}/livelli politica:leggi
POST /politica/{version}/livelli politica:scrivi+politica:leggi
POST /politica/{version}/proponi politica:scrivi+politica:leggi
POST /politica/{version}/riporta politica:scrivi+politica:leggi
POST /politica/{version}/ritira politica:scrivi+politica:leggi
GET /politica/{version}/ruoli/{ruolo} politica:leggi
POST /politica/{version}/ruoli/{ruolo} politica:scrivi+politica:leggi
GET /politica/{version}/territori politica:leggi
POST /politica/{version}/territori politica:scrivi+politica:leggi
GET /registro-accessi/termini politica:leggi
POST /registro-accessi/termini/{termini_id}/decisione politica:approva+politica:leggi
""")  # fmt: skip
REGISTRO = table("registro", """
GET /api/v1/registro-accessi registro_accessi:leggi
GET /api/v1/registro-accessi/anomalie registro_accessi:leggi
GET /api/v1/registro-accessi/anomalie/{anomalia_id} registro_accessi:leggi
POST /api/v1/registro-accessi/anomalie/{anomalia_id}/chiusura registro_accessi:scrivi+registro_accessi:leggi
GET /api/v1/registro-accessi/conteggi registro_accessi:leggi
GET /api/v1/registro-accessi/esportazione registro_accessi:esporta
GET /api/v1/registro-accessi/sigilli/ultimo registro_accessi:leggi
GET /api/v1/registro-accessi/sigilli/{numero} registro_accessi:leggi
POST /api/v1/registro-accessi/sigilli/{numero}/confronto registro_accessi:leggi
GET /api/v1/registro-accessi/verifiche registro_accessi:leggi
POST /api/v1/registro-accessi/verifiche registro_accessi:leggi
GET /api/v1/registro-accessi/verifiche/{verifica_id} registro_accessi:leggi
GET /registro-accessi registro_accessi:leggi
GET /registro-accessi/anomalie registro_accessi:leggi
GET /registro-accessi/anomalie/{anomalia_id} registro_accessi:leggi
POST /registro-accessi/anomalie/{anomalia_id}/chiusura registro_accessi:scrivi+registro_accessi:leggi
POST /registro-accessi/cerca registro_accessi:leggi
POST /registro-accessi/confronto registro_accessi:leggi
GET /registro-accessi/esportazione registro_accessi:esporta
GET /registro-accessi/integrita registro_accessi:leggi
GET /registro-accessi/regole registro_accessi:leggi
POST /registro-accessi/regole registro_accessi:scrivi+registro_accessi:leggi
GET /registro-accessi/sigilli/{numero} registro_accessi:leggi
GET /registro-accessi/stampa registro_accessi:esporta
POST /registro-accessi/termini registro_accessi:scrivi+politica:leggi
POST /registro-accessi/verifiche registro_accessi:leggi
GET /registro-accessi/verifiche/{verifica_id} registro_accessi:leggi
""")  # fmt: skip
EMERGENZE = table("emergenze", """
GET /api/v1/emergenze emergenze:leggi
POST /api/v1/emergenze emergenze:scrivi+anagrafe:leggi
DELETE /api/v1/emergenze/corrente emergenze:scrivi
GET /api/v1/emergenze/{emergenza_id} emergenze:leggi
POST /api/v1/emergenze/{emergenza_id}/revisione emergenze:approva+emergenze:leggi
GET /emergenza emergenze:scrivi+anagrafe:leggi
POST /emergenza/chiudi -
GET /emergenza/{residente_id} emergenze:scrivi+anagrafe:leggi
POST /emergenza/{residente_id} emergenze:scrivi+anagrafe:leggi
GET /emergenze emergenze:leggi
GET /emergenze/{emergenza_id} emergenze:leggi
POST /emergenze/{emergenza_id}/revisione emergenze:approva+emergenze:leggi
""")  # fmt: skip
PROTEZIONI = table("protezioni", """
GET /api/v1/vincoli riservatezza:leggi
POST /api/v1/vincoli/{vincolo_id}/revoca riservatezza:scrivi
GET /protezioni riservatezza:leggi+anagrafe:leggi
GET /api/v1/residenti/{residente_id}/protezione riservatezza:leggi+anagrafe:leggi
POST /api/v1/residenti/{residente_id}/vincoli riservatezza:scrivi
GET /persone/{residente_id}/protezione riservatezza:leggi+anagrafe:leggi
POST /persone/{residente_id}/protezione riservatezza:scrivi+riservatezza:leggi+anagrafe:leggi
POST /persone/{residente_id}/protezione/{vincolo_id}/revoca riservatezza:scrivi+riservatezza:leggi+anagrafe:leggi
""")  # fmt: skip
CARICAMENTI = table("caricamenti", """
GET /api/v1/caricamenti caricamenti:leggi
POST /api/v1/caricamenti/{caricamento_id}/conferma caricamenti:approva
GET /api/v1/caricamenti/{caricamento_id}/righe-rifiutate caricamenti:leggi
GET /notte caricamenti:leggi
POST /notte/{caricamento_id}/conferma caricamenti:approva+caricamenti:leggi
GET /notte/{caricamento_id}/rifiutate.csv caricamenti:leggi
""")  # fmt: skip
FLUSSI = table("flussi", """
GET /api/v1/siuss/flussi siuss:leggi
POST /api/v1/siuss/flussi siuss:esporta+anagrafe:leggi
GET /api/v1/siuss/flussi/{flusso_id}/xml siuss:esporta+anagrafe:leggi
POST /siuss siuss:esporta+siuss:leggi+anagrafe:leggi
GET /siuss/{flusso_id}.xml siuss:esporta+siuss:leggi+anagrafe:leggi
""")  # fmt: skip
KEPT = (*OPERATORI, *CLIENTI, *DELEGHE, *POLITICA, *REGISTRO, *EMERGENZE, *PROTEZIONI, *CARICAMENTI, *FLUSSI)

PUBLIC = table("", """
GET /health/live -
GET /health/ready -
GET /api/v1/dev/identita -
POST /api/v1/dev/login -
POST /api/v1/oauth/token -
GET /accedi -
POST /accedi -
GET /accessibilita -
GET /spid/metadata -
GET /cie/metadata -
GET /spid/login -
GET /cie/login -
POST /spid/acs -
POST /cie/acs -
GET /spid/logout -
POST /spid/logout -
GET /cie/logout -
POST /cie/logout -
""")  # fmt: skip
"""Without a session. No case and no resident can stand in their answers; their own tests are the gateway's."""
EVERY_PERSON = table("", """
GET /api/v1/sessione -
DELETE /api/v1/sessione -
GET /api/v1/sessioni -
DELETE /api/v1/sessioni -
DELETE /api/v1/sessioni/{session_id} -
POST /esci -
POST /esci/ovunque -
GET /sessione -
POST /sessione -
GET /rientrato -
GET /cittadino/rientrato -
GET /sessioni -
POST /sessioni/altre/fine -
POST /sessioni/{session_id}/fine -
""")  # fmt: skip
"""One's own session: operators and citizens alike."""
OPEN_TO_CITIZENS = ("GET /aiuto", "GET /riservatezza")
"""Help, and what one's own role may do."""
FIRST_PAGE = "GET /"
"""Leads a citizen to his own pages."""
AT_WORK = table("", """
GET /api/v1/enti -
GET /api/v1/catalogo -
GET /aiuto -
GET /bozze/chiave -
GET /incarico -
POST /incarico -
""")  # fmt: skip
"""Comuni, the catalogue, help, in which incarico one works: whoever works here, machines too on the API."""
OPERATORS_ALONE = table("", """
GET /api/v1/sessione/incarichi -
PUT /api/v1/sessione/incarico -
""")  # fmt: skip
CITIZENS = table("", """
GET /api/v1/cittadino/accessi registro_accessi:leggi
GET /cittadino registro_accessi:leggi
GET /cittadino/accessi registro_accessi:leggi
""")  # fmt: skip
"""For citizens alone: shut to every operator, whatever his role."""
NO_MACHINE = {str(door) for door in (*DELEGHE, *OPERATORS_ALONE, *EVERY_PERSON, *CITIZENS)} | {
    "POST /api/v1/cartelle/{cartella_id}/motivo"
}
"""Of the API, what a machine client has no part in: it holds no incarico, and says why by its purpose."""


def every_door() -> tuple[Door, ...]:
    """Every route, once."""
    of_cases = (*doors.READS, *doors.PAGES, *doors.WRITES, *doors.PROBED, *doors.LISTS, *doors.ELSEWHERE)
    of_nobody = (*PUBLIC, *EVERY_PERSON, *AT_WORK, *OPERATORS_ALONE, *CITIZENS)
    return (*of_cases, *doors.PAGE_WRITES, *KEPT, *of_nobody)
