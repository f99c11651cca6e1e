"""The mandate: who asks, in which role and ente, why, and how far he may see (design section 5).

The gateway signs one per request (Ed25519, seconds of life, audience-bound); each service verifies it and compiles
the extent into its query. A scope is `<sezione>:<azione>`.
"""

from enum import StrEnum
from uuid import UUID

from contracts.base import Message
from contracts.errors import Forbidden

SEZIONI = (
    "anagrafe", "presa_in_carico", "segretariato", "diario", "attivita", "pai", "isee", "valutazioni", "scuola",
    "tribunale", "documenti", "stampe", "informazioni_governative", "fogli", "liquidazioni", "siuss", "report",
    "avvisi", "caricamenti", "registro_accessi", "operatori", "politica", "secondo_livello", "condivisioni",
    "riservatezza", "emergenze",
)  # fmt: skip
AZIONI = ("leggi", "scrivi", "approva", "liquida", "esporta", "stampa", "assegna")


IMPERSONAL = ("client", "sistema")
"""Who has one purpose, approved once, in place of a reason for each case."""


class Extent(StrEnum):
    """How far a scope reaches, from nothing to the province."""

    NESSUNO = "nessuno"
    PROPRI = "propri"
    SETTORE = "settore"
    ENTE = "ente"
    AMBITO = "ambito"
    PROVINCIA = "provincia"


class Emergenza(Message):
    """Break-the-glass: one person's cases, through these scopes alone, for a short while."""

    residente_id: UUID
    scopi: tuple[str, ...]


class Mandato(Message):
    """Verified claims of one request. `enti_ambito`, `enti_provincia`: Belfiore codes, when an extent needs them.

    `tipo`: operatore, cittadino, client, sistema. `esclusi`: residenti whom the operator never reaches through his
    role (himself and his household). `in_delega_di`: the absent operator whose cases count as his own. `motivo_per`:
    the cases that `motivo` was said for; `motivo_persona`: the person, where it is that of an emergency.
    """

    operatore_id: UUID
    incarico_id: UUID
    ruolo: str
    ente: str
    settore: str
    estensioni: dict[str, Extent]
    enti_ambito: tuple[str, ...] = ()
    enti_provincia: tuple[str, ...] = ()
    motivo: str = ""
    motivo_per: tuple[UUID, ...] = ()
    motivo_persona: UUID | None = None
    tipo: str = "operatore"
    esclusi: tuple[UUID, ...] = ()
    in_delega_di: UUID | None = None
    emergenza: Emergenza | None = None
    token: str = ""

    @property
    def persone(self) -> tuple[UUID, ...]:
        """Whose cases are `propri`: the operator's, and those of whom he stands in for."""
        return (self.operatore_id,) if self.in_delega_di is None else (self.operatore_id, self.in_delega_di)

    def reason_for(self, cartella_id: UUID, residente_id: UUID | None = None) -> str:
        """The reason, if it was said for this case, or in an emergency for whose it is; for no other, whoever signed.
        What is no person says one thing for all it does."""
        of_person = residente_id is not None and residente_id == self.motivo_persona
        said = self.tipo in IMPERSONAL or cartella_id in self.motivo_per or of_person
        return self.motivo if said else ""

    def in_emergenza(self, scope: str) -> UUID | None:
        """The person whom break-the-glass opens to this scope."""
        emergenza = self.emergenza
        return emergenza.residente_id if emergenza is not None and scope in emergenza.scopi else None

    def extent(self, scope: str) -> Extent:
        """Extent of a scope; what is not named is `nessuno`."""
        return self.estensioni.get(scope, Extent.NESSUNO)

    def holds(self, scope: str) -> bool:
        """Whether anything may come back: the role holds the scope, or break-the-glass opens it on one person."""
        return self.extent(scope) is not Extent.NESSUNO or self.in_emergenza(scope) is not None

    def require(self, scope: str) -> Extent:
        """Extent of a scope, or Forbidden where nothing may come back."""
        if not self.holds(scope):
            raise Forbidden("mandato.non_abilitato", "Il tuo ruolo non permette questa operazione.")
        return self.extent(scope)

    def enti(self, scope: str) -> tuple[str, ...]:
        """Belfiore codes a scope reaches as a whole (empty for `propri`, `settore`, `nessuno`)."""
        reach: dict[Extent, tuple[str, ...]] = {
            Extent.ENTE: (self.ente,),
            Extent.AMBITO: self.enti_ambito,
            Extent.PROVINCIA: self.enti_provincia,
        }
        return reach.get(self.extent(scope), ())
