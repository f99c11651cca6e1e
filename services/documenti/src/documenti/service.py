"""documenti: the files of the cases and their prints. This is the table of contents."""

from chassis.cartelle import record_cartella
from chassis.clients import rpc_client
from chassis.entrypoints import every, on_event, resource, rpc
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
from contracts.documenti import (
    BeginUpload,
    CompleteUpload,
    DocumentiOut,
    DocumentoOut,
    DownloadOut,
    GetDownload,
    GetStampa,
    ListDocumenti,
    ListStampe,
    RequestStampa,
    StampaOut,
    StampaRichiestaV1,
    StampeOut,
    UploadOut,
)
from contracts.mandato import Mandato
from documenti.adapters.store import S3Store
from documenti.adapters.typesetting import TypstProcess
from documenti.models import cartelle_note
from documenti.settings import Settings
from documenti.use_cases import stampe, upload


def _settings(settings: Settings) -> Settings:
    return settings


class DocumentiService:
    name = "documenti"
    db = resource(SqlDatabase)
    store = resource(S3Store)
    typesetter = resource(TypstProcess.of)
    settings = resource(_settings)
    cartella = rpc_client("cartella")
    erogazioni = rpc_client("erogazioni")

    @rpc
    def begin_upload(self, request: BeginUpload, mandato: Mandato) -> UploadOut:
        return upload.begin_upload(request, mandato, self.db, self.store, self.settings)

    @rpc
    def complete_upload(self, request: CompleteUpload, mandato: Mandato) -> DocumentoOut:
        return upload.complete_upload(request, mandato, self.db, self.store)

    @rpc
    def list_documenti(self, request: ListDocumenti, mandato: Mandato) -> DocumentiOut:
        return upload.list_documenti(request, mandato, self.db)

    @rpc
    def get_download(self, request: GetDownload, mandato: Mandato) -> DownloadOut:
        return upload.get_download(request, mandato, self.db, self.store, self.settings)

    @rpc
    def request_stampa(self, request: RequestStampa, mandato: Mandato) -> StampaOut:
        return stampe.request_stampa(request, mandato, self.db, self.cartella, self.erogazioni)

    @rpc
    def get_stampa(self, request: GetStampa, mandato: Mandato) -> StampaOut:
        return stampe.get_stampa(request, mandato, self.db, self.store, self.settings)

    @rpc
    def list_stampe(self, request: ListStampe, mandato: Mandato) -> StampeOut:
        return stampe.list_stampe(request, mandato, self.db, self.store, self.settings)

    @on_event(StampaRichiestaV1)
    def on_stampa_richiesta_v1(self, event: StampaRichiestaV1, tx: Transaction) -> None:
        stampe.render_stampa(event.stampa_id, tx, self.db, self.store, self.typesetter)

    @on_event(CartellaApertaV1)
    def on_cartella_aperta_v1(self, event: CartellaApertaV1, tx: Transaction) -> None:
        record_cartella(cartelle_note, event, tx)

    @on_event(CartellaPresaInCaricoV1)
    def on_cartella_presa_in_carico_v1(self, event: CartellaPresaInCaricoV1, tx: Transaction) -> None:
        record_cartella(cartelle_note, event, tx)

    @on_event(CartellaAssegnataV1)
    def on_cartella_assegnata_v1(self, event: CartellaAssegnataV1, tx: Transaction) -> None:
        record_cartella(cartelle_note, event, tx)

    @on_event(CartellaChiusaV1)
    def on_cartella_chiusa_v1(self, event: CartellaChiusaV1, tx: Transaction) -> None:
        record_cartella(cartelle_note, event, tx)

    @on_event(CartellaRiapertaV1)
    def on_cartella_riaperta_v1(self, event: CartellaRiapertaV1, tx: Transaction) -> None:
        record_cartella(cartelle_note, event, tx)

    @on_event(CartellaCondivisaV1)
    def on_cartella_condivisa_v1(self, event: CartellaCondivisaV1, tx: Transaction) -> None:
        record_cartella(cartelle_note, event, tx)

    @on_event(CartellaRiservataV1)
    def on_cartella_riservata_v1(self, event: CartellaRiservataV1, tx: Transaction) -> None:
        record_cartella(cartelle_note, event, tx)

    @every(seconds=300)
    def sweep(self) -> None:
        """Uploads and prints nobody finished."""
        upload.sweep_uploads(self.db, self.store, self.settings)
        stampe.sweep_stampe(self.db)
