"""report: crosstabs over pseudonymised facts. The table of contents; each entry is one call."""

from chassis.entrypoints import every, in_thread, on_event, resource, rpc
from chassis.sql import SqlDatabase, Transaction
from contracts.cartella import (
    CartellaApertaV1,
    CartellaAssegnataV1,
    CartellaChiusaV1,
    CartellaCondivisaV1,
    CartellaPresaInCaricoV1,
    CartellaRiapertaV1,
    CartellaRiservataV1,
)
from contracts.mandato import Mandato
from contracts.report import CrosstabOut, RunCrosstab
from report import use_cases
from report.adapters.cube import Engine
from report.adapters.snapshots import SnapshotCache, SnapshotStore


class ReportService:
    name = "report"
    db = resource(SqlDatabase)
    store = resource(SnapshotStore)
    cache = resource(SnapshotCache)
    engine = resource(Engine)
    settings = resource(lambda settings: settings)

    @rpc
    def run_crosstab(self, request: RunCrosstab, mandato: Mandato) -> CrosstabOut:
        return use_cases.run_crosstab(
            request, mandato, self.db, self.store, self.cache, self.engine, self.settings.soglia, in_thread
        )

    @on_event(CartellaApertaV1)
    def on_cartella_aperta_v1(self, event: CartellaApertaV1, tx: Transaction) -> None:
        use_cases.record_cartella(event, tx, self.settings)

    @on_event(CartellaPresaInCaricoV1)
    def on_cartella_presa_in_carico_v1(self, event: CartellaPresaInCaricoV1, tx: Transaction) -> None:
        use_cases.record_cartella(event, tx, self.settings)

    @on_event(CartellaAssegnataV1)
    def on_cartella_assegnata_v1(self, event: CartellaAssegnataV1, tx: Transaction) -> None:
        use_cases.record_cartella(event, tx, self.settings)

    @on_event(CartellaChiusaV1)
    def on_cartella_chiusa_v1(self, event: CartellaChiusaV1, tx: Transaction) -> None:
        use_cases.record_cartella(event, tx, self.settings)

    @on_event(CartellaRiapertaV1)
    def on_cartella_riaperta_v1(self, event: CartellaRiapertaV1, tx: Transaction) -> None:
        use_cases.record_cartella(event, tx, self.settings)

    @on_event(CartellaCondivisaV1)
    def on_cartella_condivisa_v1(self, event: CartellaCondivisaV1, tx: Transaction) -> None:
        use_cases.record_cartella(event, tx, self.settings)

    @on_event(CartellaRiservataV1)
    def on_cartella_riservata_v1(self, event: CartellaRiservataV1, tx: Transaction) -> None:
        use_cases.record_cartella(event, tx, self.settings)

    @every(seconds=5)
    def write_snapshots(self) -> None:
        use_cases.write_snapshots(self.db, self.store, in_thread)

    @every(seconds=300)
    def delete_unused_snapshots(self) -> None:
        use_cases.delete_unused_snapshots(self.db, self.store)
