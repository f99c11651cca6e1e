"""The ten steps of the main job, in order, and the door people come in by."""

from sisodemo.cammino import Passo
from sisodemo.passi_accesso import enter_by_the_door
from sisodemo.passi_caso import check_registry, grant_money, open_cases, write_diary
from sisodemo.passi_notte import live_through_night
from sisodemo.passi_uscite import check_access_log, generate_flow, move_document, print_case, run_report

PASSI: list[Passo] = [
    ("Anagrafe caricata", check_registry),
    ("Ricerca, apertura e presa in carico", open_cases),
    ("Diario, con una voce privata", write_diary),
    ("ISEE, foglio amministrativo, pagamento", grant_money),
    ("Flusso SIUSS", generate_flow),
    ("Documento di 5 MB", move_document),
    ("Notte anagrafica", live_through_night),
    ("Stampa della cartella", print_case),
    ("Report con celle protette", run_report),
    ("Registro degli accessi", check_access_log),
    ("Accesso con SPID e CIE", enter_by_the_door),
]
