"""What report does: takes facts in under a pseudonym, writes snapshots, answers crosstabs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from chassis.sql import SqlDatabase, Transaction
from contracts.cartella import FattoCartella
from contracts.mandato import Mandato
from contracts.report import CrosstabOut, RunCrosstab
from report import repository
from report.adapters import cube
from report.adapters.snapshots import SnapshotCache, SnapshotStore, to_parquet
from report.domain import crosstab
from report.domain.pseudonyms import cartella_pseudonym, persona_pseudonym
from report.settings import Settings

log = structlog.get_logger()
UNUSED_AFTER = timedelta(minutes=10)
Run = Callable[..., Any]
"""Runs C code where it stops nobody: `chassis.entrypoints.in_thread`, or a plain call in tests."""


def record_cartella(event: FattoCartella, tx: Transaction, settings: Settings) -> None:
    """Keeps the newest state of a case; ids are replaced before anything is stored, and so is the settore of a
    second-level case: such a case counts for its ente, never for a settore."""
    assert tx.envelope is not None
    repository.FattoRepository(tx).record(
        {
            "cartella": cartella_pseudonym(settings.pseudonym_key, event.cartella_id),
            "persona": persona_pseudonym(settings.pseudonym_key, event.residente_id),
            "ente": event.ente,
            "comune": event.comune_residenza,
            "area": event.area.value,
            "sesso": event.sesso,
            "anno_nascita": event.anno_nascita,
            "settore": crosstab.RISERVATO if event.settore_riservato else event.settore,
            "stato": event.stato.value,
            "sequence": tx.envelope.sequence,
        }
    )


def write_snapshots(db: SqlDatabase, store: SnapshotStore, run: Run) -> int:
    """Writes what changed; how many enti. First the object, then the pointer: a crash leaves the old one holding."""
    changed = repository.changed_enti(db)
    for ente in changed:
        istantanea = repository.take_snapshot(ente, db)
        chiave, sha256 = store.put(ente, run(to_parquet, istantanea.righe))
        repository.point_to(istantanea, chiave, sha256, db)
        log.info("snapshot_written", ente=ente, rows=len(istantanea.righe), revision=istantanea.revisione)
    return len(changed)


def delete_unused_snapshots(db: SqlDatabase, store: SnapshotStore) -> int:
    """Removes snapshots nothing points to; how many."""
    return store.delete_unused(repository.keys_in_use(db), UNUSED_AFTER)


def run_crosstab(
    request: RunCrosstab,
    mandato: Mandato,
    db: SqlDatabase,
    store: SnapshotStore,
    cache: SnapshotCache,
    engine: cube.Engine,
    soglia: int,
    run: Run,
) -> CrosstabOut:
    """The crosstab over the enti of the mandate, small cells protected."""
    enti = crosstab.reachable_enti(mandato)
    crosstab.check(request)
    partizioni = repository.partizioni_of(enti, db)
    files = tuple(cache.ensure(one.ente, one.chiave, one.sha256, store) for one in partizioni)
    where = cube.Cube(files, cache.folder, engine.memory_limit, datetime.now(UTC).year)
    dati_al = max((one.dati_al for one in partizioni), default=None)

    def answer() -> CrosstabOut:
        conteggi = cube.count(request, enti, where)
        return crosstab.assemble(request, conteggi, enti, soglia, dati_al)

    with engine.slot():
        result: CrosstabOut = run(answer)
    return result
