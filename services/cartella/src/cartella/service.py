"""Entrypoints of cartella: the table of contents of this service."""

from cartella.use_cases import accesso, condivisioni, diario, documenti, fascicolo, isee, presa_in_carico
from chassis.entrypoints import on_event, resource, rpc
from chassis.mongo import MongoDatabase, Transaction
from contracts import cartella as c
from contracts import condivisioni as k
from contracts.documenti import DocumentoRiservatoV1
from contracts.mandato import Mandato
from contracts.notifiche import AvvisoConfermatoV1


class CartellaService:
    """The case files and their sections."""

    name = "cartella"
    db = resource(MongoDatabase)

    # The case

    @rpc
    def open_cartella(self, request: c.OpenCartella, mandato: Mandato) -> c.CartellaOut:
        return presa_in_carico.open_cartella(request, mandato, self.db)

    @rpc
    def get_cartella(self, request: c.GetCartella, mandato: Mandato) -> c.CartellaOut:
        return presa_in_carico.get_cartella(request, mandato, self.db)

    @rpc
    def list_cartelle(self, request: c.ListCartelle, mandato: Mandato) -> c.CartelleOut:
        return presa_in_carico.list_cartelle(request, mandato, self.db)

    @rpc
    def take_in_carico(self, request: c.TakeInCarico, mandato: Mandato) -> c.CartellaOut:
        return presa_in_carico.take_in_carico(request, mandato, self.db)

    @rpc
    def assign_cartella(self, request: c.AssignCartella, mandato: Mandato) -> c.CartellaOut:
        return presa_in_carico.assign_cartella(request, mandato, self.db)

    @rpc
    def close_cartella(self, request: c.CloseCartella, mandato: Mandato) -> c.CartellaOut:
        return presa_in_carico.close_cartella(request, mandato, self.db)

    @rpc
    def reopen_cartella(self, request: c.ReopenCartella, mandato: Mandato) -> c.CartellaOut:
        return presa_in_carico.reopen_cartella(request, mandato, self.db)

    @on_event(AvvisoConfermatoV1)
    def on_avviso_confermato_v1(self, event: AvvisoConfermatoV1, tx: Transaction) -> None:
        presa_in_carico.note_avviso(event, tx)

    @on_event(DocumentoRiservatoV1)
    def on_documento_riservato_v1(self, event: DocumentoRiservatoV1, tx: Transaction) -> None:
        documenti.note_riservato(event, tx)

    # Who else sees it

    @rpc
    def set_riservatezza(self, request: c.SetRiservatezza, mandato: Mandato) -> c.CartellaOut:
        return presa_in_carico.set_riservatezza(request, mandato, self.db)

    @rpc
    def propose_condivisione(self, request: k.ProposeCondivisione, mandato: Mandato) -> k.CondivisioneOut:
        return condivisioni.propose_condivisione(request, mandato, self.db)

    @rpc
    def decide_condivisione(self, request: k.DecideCondivisione, mandato: Mandato) -> k.CondivisioneOut:
        return condivisioni.decide_condivisione(request, mandato, self.db)

    @rpc
    def revoke_condivisione(self, request: k.RevokeCondivisione, mandato: Mandato) -> k.CondivisioneOut:
        return condivisioni.revoke_condivisione(request, mandato, self.db)

    @rpc
    def list_condivisioni(self, request: k.ListCondivisioni, mandato: Mandato) -> k.CondivisioniOut:
        return condivisioni.list_condivisioni(request, mandato, self.db)

    @rpc
    def explain_accesso(self, request: k.ExplainAccesso, mandato: Mandato) -> k.AccessoOut:
        return accesso.explain_accesso(request, mandato, self.db)

    # Diary

    @rpc
    def add_voce_diario(self, request: c.AddVoceDiario, mandato: Mandato) -> c.VoceDiarioOut:
        return diario.add_voce_diario(request, mandato, self.db)

    @rpc
    def rectify_voce_diario(self, request: c.RectifyVoceDiario, mandato: Mandato) -> c.VoceDiarioOut:
        return diario.rectify_voce_diario(request, mandato, self.db)

    @rpc
    def annul_voce_diario(self, request: c.AnnulVoceDiario, mandato: Mandato) -> c.VoceDiarioOut:
        return diario.annul_voce_diario(request, mandato, self.db)

    @rpc
    def get_voce_diario(self, request: c.GetVoceDiario, mandato: Mandato) -> c.VoceDiarioOut:
        return diario.get_voce_diario(request, mandato, self.db)

    @rpc
    def list_voci_diario(self, request: c.ListVociDiario, mandato: Mandato) -> c.VociDiarioOut:
        return diario.list_voci_diario(request, mandato, self.db)

    # ISEE

    @rpc
    def add_isee(self, request: c.AddIsee, mandato: Mandato) -> c.IseeOut:
        return isee.add_isee(request, mandato, self.db)

    @rpc
    def list_isee(self, request: c.ListIsee, mandato: Mandato) -> c.IseeListOut:
        return isee.list_isee(request, mandato, self.db)

    # Print

    @rpc
    def export_fascicolo(self, request: c.ExportFascicolo, mandato: Mandato) -> c.FascicoloOut:
        return fascicolo.export_fascicolo(request, mandato, self.db)
