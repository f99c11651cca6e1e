"""notifiche: alerts that somebody always gets. The table of contents; each entry is one call."""

from chassis.entrypoints import every, on_event, resource, rpc
from chassis.sql import SqlDatabase, Transaction
from contracts.anagrafe import (
    NucleoVariatoV1,
    ResidenteDecedutoV1,
    ResidenteDecessoAnnullatoV1,
    ResidenteRegistratoV1,
    ResidenteRiservatoV1,
    ResidenteTrasferitoV1,
    ResidenteVariatoV1,
)
from contracts.cartella import (
    CartellaApertaV1,
    CartellaAssegnataV1,
    CartellaChiusaV1,
    CartellaCondivisaV1,
    CartellaPresaInCaricoV1,
    CartellaRiapertaV1,
    CartellaRiservataV1,
    CondivisioneDecisaV1,
    CondivisionePropostaV1,
)
from contracts.documenti import StampaProntaV1
from contracts.erogazioni import FoglioApprovatoV1, FoglioPropostoV1, FoglioRespintoV1
from contracts.gateway import (
    AccessoAnomaloV1,
    EmergenzaApertaV1,
    EmergenzaRivistaV1,
    OperatoreAbilitatoV1,
    OperatoreRevocatoV1,
    RapportoAnomaliePreparatoV1,
)
from contracts.mandato import Mandato
from contracts.notifiche import AvvisiOut, AvvisoOut, ConfirmAvviso, ListAvvisi, MarkAvvisoLetto
from notifiche import projections
from notifiche.adapters import SmtpSender
from notifiche.domain import TipoFatto
from notifiche.use_cases import answers, cartelle, emergenze, mail, news, registry


class NotificheService:
    name = "notifiche"
    db = resource(SqlDatabase)
    sender = resource(SmtpSender)
    settings = resource(lambda settings: settings)

    @rpc
    def list_avvisi(self, request: ListAvvisi, mandato: Mandato) -> AvvisiOut:
        return answers.list_mine(request, mandato, self.db)

    @rpc
    def mark_avviso_letto(self, request: MarkAvvisoLetto, mandato: Mandato) -> AvvisoOut:
        return answers.mark_letto(request, mandato, self.db)

    @rpc
    def confirm_avviso(self, request: ConfirmAvviso, mandato: Mandato) -> AvvisoOut:
        return answers.confirm(request, mandato, self.db)

    # --- anagrafe ---

    @on_event(ResidenteRegistratoV1)
    def on_residente_registrato_v1(self, event: ResidenteRegistratoV1, tx: Transaction) -> None:
        registry.tell_residente(TipoFatto.REGISTRATO, event, tx)

    @on_event(ResidenteVariatoV1)
    def on_residente_variato_v1(self, event: ResidenteVariatoV1, tx: Transaction) -> None:
        registry.tell_residente(TipoFatto.VARIATO, event, tx)

    @on_event(ResidenteTrasferitoV1)
    def on_residente_trasferito_v1(self, event: ResidenteTrasferitoV1, tx: Transaction) -> None:
        registry.tell_residente(TipoFatto.TRASFERITO, event, tx)

    @on_event(ResidenteDecedutoV1)
    def on_residente_deceduto_v1(self, event: ResidenteDecedutoV1, tx: Transaction) -> None:
        registry.tell_residente(TipoFatto.DECEDUTO, event, tx)

    @on_event(ResidenteDecessoAnnullatoV1)
    def on_residente_decesso_annullato_v1(self, event: ResidenteDecessoAnnullatoV1, tx: Transaction) -> None:
        registry.tell_residente(TipoFatto.DECESSO_ANNULLATO, event, tx)

    @on_event(NucleoVariatoV1)
    def on_nucleo_variato_v1(self, event: NucleoVariatoV1, tx: Transaction) -> None:
        registry.hold_nucleo(event, tx)

    @on_event(ResidenteRiservatoV1)
    def on_residente_riservato_v1(self, event: ResidenteRiservatoV1, tx: Transaction) -> None:
        registry.forget_person(event, tx)

    # --- cartella ---

    @on_event(CartellaApertaV1)
    def on_cartella_aperta_v1(self, event: CartellaApertaV1, tx: Transaction) -> None:
        cartelle.follow_cartella(event, tx)
        news.tell_altra_cartella(event, tx)

    @on_event(CartellaPresaInCaricoV1)
    def on_cartella_presa_in_carico_v1(self, event: CartellaPresaInCaricoV1, tx: Transaction) -> None:
        cartelle.follow_cartella(event, tx)

    @on_event(CartellaAssegnataV1)
    def on_cartella_assegnata_v1(self, event: CartellaAssegnataV1, tx: Transaction) -> None:
        cartelle.follow_cartella(event, tx)
        news.tell_altra_cartella(event, tx)

    @on_event(CartellaChiusaV1)
    def on_cartella_chiusa_v1(self, event: CartellaChiusaV1, tx: Transaction) -> None:
        cartelle.follow_cartella(event, tx)

    @on_event(CartellaRiapertaV1)
    def on_cartella_riaperta_v1(self, event: CartellaRiapertaV1, tx: Transaction) -> None:
        cartelle.follow_cartella(event, tx)
        news.tell_altra_cartella(event, tx)

    @on_event(CartellaCondivisaV1)
    def on_cartella_condivisa_v1(self, event: CartellaCondivisaV1, tx: Transaction) -> None:
        cartelle.follow_cartella(event, tx)

    @on_event(CartellaRiservataV1)
    def on_cartella_riservata_v1(self, event: CartellaRiservataV1, tx: Transaction) -> None:
        cartelle.follow_cartella(event, tx)

    @on_event(CondivisionePropostaV1)
    def on_condivisione_proposta_v1(self, event: CondivisionePropostaV1, tx: Transaction) -> None:
        news.tell_condivisione(event, tx)

    @on_event(CondivisioneDecisaV1)
    def on_condivisione_decisa_v1(self, event: CondivisioneDecisaV1, tx: Transaction) -> None:
        news.settle_condivisione(event, tx)

    # --- erogazioni, documenti, gateway ---

    @on_event(FoglioPropostoV1)
    def on_foglio_proposto_v1(self, event: FoglioPropostoV1, tx: Transaction) -> None:
        news.ask_approval(event, tx)

    @on_event(FoglioApprovatoV1)
    def on_foglio_approvato_v1(self, event: FoglioApprovatoV1, tx: Transaction) -> None:
        news.tell_decision(event, tx)

    @on_event(FoglioRespintoV1)
    def on_foglio_respinto_v1(self, event: FoglioRespintoV1, tx: Transaction) -> None:
        news.tell_decision(event, tx)

    @on_event(StampaProntaV1)
    def on_stampa_pronta_v1(self, event: StampaProntaV1, tx: Transaction) -> None:
        news.tell_stampa(event, tx)

    @on_event(OperatoreAbilitatoV1)
    def on_operatore_abilitato_v1(self, event: OperatoreAbilitatoV1, tx: Transaction) -> None:
        projections.record_incarico(event, tx)

    @on_event(OperatoreRevocatoV1)
    def on_operatore_revocato_v1(self, event: OperatoreRevocatoV1, tx: Transaction) -> None:
        projections.revoke_incarico(event, tx)

    @on_event(EmergenzaApertaV1)
    def on_emergenza_aperta_v1(self, event: EmergenzaApertaV1, tx: Transaction) -> None:
        emergenze.tell_emergenza(event, tx)

    @on_event(EmergenzaRivistaV1)
    def on_emergenza_rivista_v1(self, event: EmergenzaRivistaV1, tx: Transaction) -> None:
        emergenze.settle_emergenza(event, tx)

    @on_event(AccessoAnomaloV1)
    def on_accesso_anomalo_v1(self, event: AccessoAnomaloV1, tx: Transaction) -> None:
        emergenze.tell_anomalia(event, tx)

    @on_event(RapportoAnomaliePreparatoV1)
    def on_rapporto_anomalie_preparato_v1(self, event: RapportoAnomaliePreparatoV1, tx: Transaction) -> None:
        emergenze.tell_rapporto(event, tx)

    # --- by the clock ---

    @every(seconds=1)
    def send_mail(self) -> None:
        mail.send_due_mail(self.db, self.sender, self.settings.base_url, self.settings.inbox_readers)

    @every(seconds=1)
    def tell_nuclei(self) -> None:
        registry.tell_waiting_nuclei(self.db)

    @every(seconds=30)
    def readdress_orphans(self) -> None:
        cartelle.readdress_orphans(self.db)

    @every(seconds=3600)
    def forget_facts(self) -> None:
        registry.forget_facts(self.db)
