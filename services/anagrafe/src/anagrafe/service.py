"""The registry: who lives where, with whom, since when. Files come in by `jobs`, facts go out as events."""

import subprocess
import sys

from anagrafe import use_cases
from chassis.entrypoints import every, in_thread, resource, rpc
from chassis.sql import SqlDatabase
from contracts.anagrafe import (
    CaricamentiOut,
    CaricamentoOut,
    ConfirmCaricamento,
    ConviventiOut,
    EntiOut,
    GetResidente,
    GetResidenti,
    ListBeneficiari,
    ListCaricamenti,
    ListConviventi,
    ListEnti,
    ListRigheRifiutate,
    ListVariazioni,
    ListVincoli,
    ResidenteOut,
    ResidentiOut,
    ResidentiTrovati,
    RevokeVincolo,
    RigheRifiutateOut,
    SearchResidenti,
    SetVincolo,
    VariazioniOut,
    VincoliOut,
    VincoloOut,
)
from contracts.mandato import Mandato


class AnagrafeService:
    name = "anagrafe"
    db = resource(SqlDatabase)

    @rpc
    def search_residenti(self, request: SearchResidenti, mandato: Mandato) -> ResidentiTrovati:
        return use_cases.search_residenti(request, mandato, self.db)

    @rpc
    def get_residente(self, request: GetResidente, mandato: Mandato) -> ResidenteOut:
        return use_cases.get_residente(request, mandato, self.db)

    @rpc
    def get_residenti(self, request: GetResidenti, mandato: Mandato) -> ResidentiOut:
        return use_cases.get_residenti(request, mandato, self.db)

    @rpc
    def list_beneficiari(self, request: ListBeneficiari, mandato: Mandato) -> ResidentiOut:
        return use_cases.list_beneficiari(request, mandato, self.db)

    @rpc
    def list_conviventi(self, request: ListConviventi, mandato: Mandato) -> ConviventiOut:
        return use_cases.list_conviventi(request, mandato, self.db)

    @rpc
    def list_variazioni(self, request: ListVariazioni, mandato: Mandato) -> VariazioniOut:
        return use_cases.list_variazioni(request, mandato, self.db)

    @rpc
    def set_vincolo(self, request: SetVincolo, mandato: Mandato) -> VincoloOut:
        return use_cases.set_vincolo(request, mandato, self.db)

    @rpc
    def revoke_vincolo(self, request: RevokeVincolo, mandato: Mandato) -> VincoloOut:
        return use_cases.revoke_vincolo(request, mandato, self.db)

    @rpc
    def list_vincoli(self, request: ListVincoli, mandato: Mandato) -> VincoliOut:
        return use_cases.list_vincoli(request, mandato, self.db)

    @rpc
    def list_caricamenti(self, request: ListCaricamenti, mandato: Mandato) -> CaricamentiOut:
        return use_cases.list_caricamenti(request, mandato, self.db)

    @rpc
    def list_righe_rifiutate(self, request: ListRigheRifiutate, mandato: Mandato) -> RigheRifiutateOut:
        return use_cases.list_righe_rifiutate(request, mandato, self.db)

    @rpc
    def confirm_caricamento(self, request: ConfirmCaricamento, mandato: Mandato) -> CaricamentoOut:
        return use_cases.confirm_caricamento(request, mandato, self.db)

    @rpc
    def list_enti(self, request: ListEnti) -> EntiOut:
        return use_cases.list_comuni(self.db)

    @every(seconds=5)
    def load_confirmed(self) -> None:
        """Loads what a person let through, as a job of its own: COPY does not go with green threads."""
        if use_cases.has_confirmed(self.db):
            in_thread(subprocess.run, [sys.executable, "-m", "chassis", "job", "anagrafe", "riprendi"])
