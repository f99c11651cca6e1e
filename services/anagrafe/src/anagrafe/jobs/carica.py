"""Loads one file: examine, stage, read the changed lines, apply. Whole or not at all."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import uniform

from anagrafe.adapters import Esame, examine, read_blocks
from anagrafe.domain.codici import comuni_attivi
from anagrafe.domain.righe import Accolta, Esito, Segnalazione, has_readable_id, read_civico, read_residente
from anagrafe.repository import carico as store
from anagrafe.repository import passi
from anagrafe.repository.carico import Carico, Connection
from anagrafe.settings import Settings
from contracts.anagrafe import StatoCaricamento
from contracts.errors import Unavailable

APPLY = (
    "ANALYZE delta (residente_id, nucleo_id, da_nucleo_id, nuova)",
    passi.TOCCATI,
    "ANALYZE toccati",
    passi.MEMBRI.format(nome="prima"),
    "ANALYZE prima (nucleo_id)",
    passi.FATTI,
    "ANALYZE fatti",
    passi.VERSIONI,
    passi.STORICO,
    passi.CHIUDI_ASSENTI,
    passi.AGGIORNA,
    passi.INSERISCI,
    passi.MEMBRI.format(nome="dopo"),
    "ANALYZE dopo (nucleo_id)",
    passi.EVENTI,
    passi.NUCLEI_VARIATI,
    passi.RESIDENTI_CONTATI,
    passi.ENTE_CARICATO,
)

ALREADY = "già caricato: nessun effetto"


@dataclass(frozen=True)
class Risultato:
    """What became of a file. `stato` `completato` with `motivo` `già caricato` had no effect."""

    file: str
    ente: str
    stato: StatoCaricamento
    motivo: str = ""
    righe: int = 0
    secondi: float = 0.0
    conti: dict[str, int] = field(default_factory=dict)


class _Busy(Exception):
    """A comune that people come from is being loaded: try again."""


class _Done(Exception):
    """Another process has just loaded this very file."""


class _Refused(Exception):
    """The file is refused whole."""


class _Suspended(Exception):
    """The file waits for a person."""


def load_file(path: Path, settings: Settings) -> Risultato:
    """Loads a residents' or streets' file. Refusals are results, not errors; so is a store that goes away."""
    started = time.perf_counter()
    try:
        esame = examine(path)
    except OSError as error:
        return Risultato(path.name, "", StatoCaricamento.RIFIUTATO, f"file non leggibile: {error.strerror}")
    if not esame.sha256 or esame.ente not in comuni_attivi():
        return Risultato(path.name, esame.ente, StatoCaricamento.RIFIUTATO, esame.motivo)
    try:
        with store.connect(settings.database_url) as connection:
            return _load(connection, esame, settings, started)
    except Unavailable as error:  # one file's trouble does not stop the others
        return Risultato(path.name, esame.ente, StatoCaricamento.RIFIUTATO, error.message, esame.righe)


def _load(connection: Connection, esame: Esame, settings: Settings, started: float) -> Risultato:
    store.register_ente(connection, esame.ente, comuni_attivi()[esame.ente][0])
    found = store.register(connection, esame.ente, esame.path.name, esame.sha256, esame.giorno)
    name = esame.path.name
    if found.stato is StatoCaricamento.COMPLETATO:
        return Risultato(name, esame.ente, found.stato, ALREADY, esame.righe)
    if found.stato is StatoCaricamento.IN_ATTESA and not found.confermata:
        return Risultato(name, esame.ente, found.stato, "attende la conferma di una persona", esame.righe)
    try:
        if esame.motivo:
            raise _Refused(esame.motivo)
        carico = Carico(connection, esame.ente, esame.giorno, found.id)
        conti = _attempts(carico, esame, settings, found.confermata, started)
    except _Done:
        return Risultato(name, esame.ente, StatoCaricamento.COMPLETATO, ALREADY, esame.righe)
    except _Refused as refusal:
        store.refuse(connection, found.id, str(refusal), esame.righe, time.perf_counter() - started)
        return Risultato(name, esame.ente, StatoCaricamento.RIFIUTATO, str(refusal), esame.righe)
    except _Suspended as waiting:
        store.suspend(connection, found.id, str(waiting), esame.righe, esame.path)
        return Risultato(name, esame.ente, StatoCaricamento.IN_ATTESA, str(waiting), esame.righe)
    seconds = round(time.perf_counter() - started, 3)
    return Risultato(name, esame.ente, StatoCaricamento.COMPLETATO, "", esame.righe, seconds, conti)


def _attempts(
    carico: Carico, esame: Esame, settings: Settings, confermata: bool, started: float
) -> dict[str, int]:
    while True:
        try:
            with carico.connection.transaction():
                carico.lock()
                if not carico.begin():
                    raise _Done
                if esame.viario:
                    return _load_viario(carico, esame, started)
                return _load_residenti(carico, esame, settings, confermata, started)
        except _Busy:
            time.sleep(uniform(0.05, 0.3))


def _load_residenti(
    carico: Carico, esame: Esame, settings: Settings, confermata: bool, started: float
) -> dict[str, int]:
    last = carico.last_day()
    if last and esame.giorno and esame.giorno < last:
        raise _Refused(f"il file è più vecchio dell'ultimo caricato ({last:%d/%m/%Y})")
    if carico.stage(read_blocks(esame)) != esame.righe:
        raise _Refused("il file è cambiato durante la lettura")
    carico.run(passi.DOPPIE)
    accepted, unreadable = _read_changed(carico, esame)
    if esame.righe and not accepted and carico.parameters["baseline"]:
        raise _Refused("nessuna riga valida: il file non è stato caricato")
    carico.run(passi.ASSENTI)
    if not accepted and not carico.run(passi.QUANTI_ASSENTI)[0][0]:
        # a quiet night: nobody came, went or changed
        carico.run(passi.ENTE_CARICATO)
        return carico.complete(esame.righe, time.perf_counter() - started)
    motivo = _apply(carico, settings, confermata, unreadable)
    return carico.complete(esame.righe, time.perf_counter() - started, motivo, applied=True)


def _apply(carico: Carico, settings: Settings, confermata: bool, unreadable: int) -> str:
    """Does what the changed lines and the absences say; a remark for the report."""
    if not carico.try_lock_others():
        raise _Busy
    for statement in (passi.ALTROVE, passi.CODICI_DOPPI):
        carico.report(Segnalazione(r, c, v, m, True) for r, c, v, m in carico.run(statement))
    for statement in (passi.NUCLEI, passi.DELTA, passi.SOLO_FORMA):
        carico.run(statement)
    motivo = _check_removals(carico, settings, confermata, unreadable)
    for statement in APPLY:
        carico.run(statement)
    return motivo


def _read_changed(carico: Carico, esame: Esame) -> tuple[int, int]:
    """Reads the changed lines into `accolte`; what is wrong goes to the report.

    The number of rows accepted, and of lines whose id cannot be read (a line without a known id is always changed).
    """
    assert esame.giorno is not None
    accepted = unreadable = 0
    for lot in carico.changed_lines():
        esiti = [read_residente(riga, testo, esame.giorno) for riga, testo in lot]
        rows = [esito.accolta for esito in esiti if esito.accolta is not None]
        carico.copy_rows(passi.COPY_ACCOLTE, rows)
        carico.report(_reports(esiti))
        accepted += len(rows)
        unreadable += sum(not has_readable_id(testo) for _, testo in lot)
    carico.connection.execute("ANALYZE accolte")
    carico.report(
        Segnalazione(riga, "id_anagrafe", ident, f"identificativo ripetuto alle righe {dove}")
        for riga, ident, dove in carico.run(passi.RIGHE_DOPPIE)
    )
    return accepted, unreadable


def _reports(esiti: list[Esito]) -> Iterator[Segnalazione]:
    return (segnalazione for esito in esiti for segnalazione in esito.segnalazioni)


def _check_removals(carico: Carico, settings: Settings, confermata: bool, unreadable: int) -> str:
    """A file that takes too many people away waits; one with unreadable ids takes nobody away."""
    motivo = ""
    if unreadable:
        carico.run(passi.NESSUN_ASSENTE)
        motivo = f"{unreadable} righe senza identificativo leggibile: nessuna cancellazione per assenza"
    removed, residents = carico.run(passi.TOLTI)[0]
    limit = max(settings.quota_cancellazioni * residents, settings.cancellazioni_libere)
    if removed > limit and not confermata:
        raise _Suspended(
            f"il file toglierebbe {removed} residenti su {residents}"
            f" (più del {settings.quota_cancellazioni:.0%}): attende conferma"
        )
    return motivo


def _load_viario(carico: Carico, esame: Esame, started: float) -> dict[str, int]:
    rows: list[Accolta] = []
    segnalazioni: list[Segnalazione] = []
    riga = 1
    for block in read_blocks(esame):
        for testo in block.decode("utf-8").removesuffix("\n").split("\n"):
            riga += 1
            esito = read_civico(riga, testo)
            segnalazioni.extend(esito.segnalazioni)
            if esito.accolta is not None:
                rows.append(esito.accolta)
    if esame.righe and not rows:
        raise _Refused("nessuna riga valida: il file non è stato caricato")
    carico.run(passi.CIVICI)
    carico.copy_rows(passi.COPY_CIVICI, rows)
    carico.report(segnalazioni)
    carico.run(passi.CIVICI_APPLICA)
    if not segnalazioni:
        carico.run(passi.CIVICI_TOGLI)
    return carico.complete(esame.righe, time.perf_counter() - started)
