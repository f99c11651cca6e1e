"""Erogazioni: what is granted, what is paid, what INPS is told. The table of contents."""

from chassis.cartelle import record_cartella
from chassis.clients import rpc_client
from chassis.entrypoints import on_event, resource, rpc
from chassis.sql import SqlDatabase, Transaction
from contracts import anagrafe as registry
from contracts import cartella as case
from contracts import erogazioni as c
from contracts.mandato import Mandato
from erogazioni import projections
from erogazioni.adapters import FlussoValidator
from erogazioni.models import cartelle
from erogazioni.use_cases import catalogo, erogazioni, fogli, siuss


class ErogazioniService:
    name = "erogazioni"
    db = resource(SqlDatabase)
    validator = resource(FlussoValidator)
    anagrafe = rpc_client("anagrafe")

    # --- catalogue

    @rpc
    def list_catalogo(self, request: c.ListCatalogo, mandato: Mandato) -> c.CatalogoOut:
        return catalogo.list_catalogo(request, self.db)

    # --- fogli amministrativi

    @rpc
    def propose_foglio(self, request: c.ProposeFoglio, mandato: Mandato) -> c.FoglioOut:
        return fogli.propose_foglio(request, mandato, self.db)

    @rpc
    def get_foglio(self, request: c.GetFoglio, mandato: Mandato) -> c.FoglioOut:
        return fogli.get_foglio(request, mandato, self.db)

    @rpc
    def list_fogli(self, request: c.ListFogli, mandato: Mandato) -> c.FogliOut:
        return fogli.list_fogli(request, mandato, self.db)

    @rpc
    def decide_foglio(self, request: c.DecideFoglio, mandato: Mandato) -> c.FoglioOut:
        return fogli.decide_foglio(request, mandato, self.db)

    # --- payments

    @rpc
    def propose_erogazione(self, request: c.ProposeErogazione, mandato: Mandato) -> c.ErogazioneOut:
        return erogazioni.propose_erogazione(request, mandato, self.db)

    @rpc
    def liquidate_erogazione(self, request: c.LiquidateErogazione, mandato: Mandato) -> c.ErogazioneOut:
        return erogazioni.liquidate_erogazione(request, mandato, self.db)

    @rpc
    def annul_erogazione(self, request: c.AnnulErogazione, mandato: Mandato) -> c.ErogazioneOut:
        return erogazioni.annul_erogazione(request, mandato, self.db)

    @rpc
    def list_erogazioni(self, request: c.ListErogazioni, mandato: Mandato) -> c.ErogazioniOut:
        return erogazioni.list_erogazioni(request, mandato, self.db)

    # --- SIUSS

    @rpc
    def preview_siuss(self, request: c.PreviewSiuss, mandato: Mandato) -> c.PreviewSiussOut:
        return siuss.preview_siuss(request, mandato, self.db, self.anagrafe)

    @rpc
    def generate_flusso(self, request: c.GenerateFlusso, mandato: Mandato) -> c.FlussoOut:
        return siuss.generate_flusso(request, mandato, self.db, self.anagrafe, self.validator)

    @rpc
    def list_flussi(self, request: c.ListFlussi, mandato: Mandato) -> c.FlussiOut:
        return siuss.list_flussi(request, mandato, self.db)

    @rpc
    def get_flusso(self, request: c.GetFlusso, mandato: Mandato) -> c.FlussoXml:
        return siuss.get_flusso(request, mandato, self.db)

    # --- what others tell us

    @on_event(case.CartellaApertaV1)
    def on_cartella_aperta_v1(self, event: case.CartellaApertaV1, tx: Transaction) -> None:
        record_cartella(cartelle, event, tx)

    @on_event(case.CartellaPresaInCaricoV1)
    def on_cartella_presa_in_carico_v1(self, event: case.CartellaPresaInCaricoV1, tx: Transaction) -> None:
        record_cartella(cartelle, event, tx)

    @on_event(case.CartellaAssegnataV1)
    def on_cartella_assegnata_v1(self, event: case.CartellaAssegnataV1, tx: Transaction) -> None:
        record_cartella(cartelle, event, tx)

    @on_event(case.CartellaChiusaV1)
    def on_cartella_chiusa_v1(self, event: case.CartellaChiusaV1, tx: Transaction) -> None:
        record_cartella(cartelle, event, tx)

    @on_event(case.CartellaRiapertaV1)
    def on_cartella_riaperta_v1(self, event: case.CartellaRiapertaV1, tx: Transaction) -> None:
        record_cartella(cartelle, event, tx)

    @on_event(case.CartellaCondivisaV1)
    def on_cartella_condivisa_v1(self, event: case.CartellaCondivisaV1, tx: Transaction) -> None:
        record_cartella(cartelle, event, tx)

    @on_event(case.CartellaRiservataV1)
    def on_cartella_riservata_v1(self, event: case.CartellaRiservataV1, tx: Transaction) -> None:
        record_cartella(cartelle, event, tx)

    @on_event(case.IseeRegistratoV1)
    def on_isee_registrato_v1(self, event: case.IseeRegistratoV1, tx: Transaction) -> None:
        projections.record_isee(event, tx)

    @on_event(registry.ResidenteDecedutoV1)
    def on_residente_deceduto_v1(self, event: registry.ResidenteDecedutoV1, tx: Transaction) -> None:
        if projections.record_decesso(event, tx):
            fogli.suspend_fogli_of(event.residente_id, event.data_decesso, tx)

    @on_event(registry.ResidenteDecessoAnnullatoV1)
    def on_residente_decesso_annullato_v1(
        self, event: registry.ResidenteDecessoAnnullatoV1, tx: Transaction
    ) -> None:
        if projections.record_decesso(event, tx):
            fogli.resume_fogli_of(event.residente_id, tx)
