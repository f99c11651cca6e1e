"""The test identities of the demo city. Invented persons; their ids follow from their names."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5


@dataclass(frozen=True, slots=True)
class TestIncarico:
    """One more incarico of a test identity, besides the one he is known by."""

    __test__ = False

    incarico_id: UUID
    ruolo: str
    ente: str
    settore: str


@dataclass(frozen=True, slots=True)
class TestIdentity:
    __test__ = False  # a name pytest would otherwise collect

    identita: str
    codice_fiscale: str
    ruolo: str
    ente: str
    settore: str
    altro: tuple[str, str, str] | None = None
    """Ruolo, ente and settore of a second incarico."""
    in_delega_di: str = ""
    """Identity that named him while away."""

    @property
    def nome(self) -> str:
        return self.identita.partition(".")[0].capitalize()

    @property
    def cognome(self) -> str:
        return self.identita.partition(".")[2].capitalize()

    @property
    def email(self) -> str:
        return f"{self.identita}@comune.example"

    @property
    def operatore_id(self) -> UUID:
        return uuid5(NAMESPACE_URL, f"urn:siso:operatore:{self.identita}")

    @property
    def incarico_id(self) -> UUID:
        return uuid5(NAMESPACE_URL, f"urn:siso:incarico:{self.identita}")

    @property
    def incarichi(self) -> tuple[TestIncarico, ...]:
        """The one he is known by first."""
        first = TestIncarico(self.incarico_id, self.ruolo, self.ente, self.settore)
        if self.altro is None:
            return (first,)
        second = uuid5(NAMESPACE_URL, f"urn:siso:incarico:{self.identita}:2")
        return first, TestIncarico(second, *self.altro)


IDENTITIES = (
    TestIdentity("giulia.bianchi", "BNCGLI88D52F704H", "assistente_sociale", "F704", "minori"),
    TestIdentity("marco.verdi", "VRDMRC85P03F205J", "assistente_sociale", "F704", "minori"),
    TestIdentity("anna.ferrari", "FRRNNA71A62F704C", "coordinatore", "F704", "minori"),
    TestIdentity("paolo.neri", "NREPLA79H30B212U", "amministrativo", "F704", "amministrativo"),
    TestIdentity("carla.russo", "RSSCRL76S48F704S", "contabilita", "F704", "amministrativo"),
    TestIdentity("laura.conti", "CNTLRA66B57F205N", "dirigente", "F704", ""),
    TestIdentity("davide.gallo", "GLLDVD69L25B212X", "dirigente", "B212", ""),
    TestIdentity("sara.costa", "CSTSRA90T45F704Q", "assistente_sociale", "B212", "minori"),
    TestIdentity("elena.riva", "RVILNE74C54F704Y", "rpd", "F704", ""),
    TestIdentity("admin.sistema", "SSTDMN80A01F704Z", "amministratore_sistema", "F704", ""),
    TestIdentity("franca.sala", "SLAFNC82E50F704O", "pronto_intervento", "F704", "pronto_intervento"),
    TestIdentity("luca.moretti", "MRTLCU87E19F205J", "analista", "F704", ""),
    TestIdentity("bruno.leone", "LNEBRN73P02B212K", "amministratore_sistema", "F704", ""),
    TestIdentity("rosa.marino", "MRNRSO86H52F704Z", "assistente_sociale", "F704", "adulti"),
    TestIdentity(
        "chiara.monti", "MNTCHR84D57F704I", "assistente_sociale", "F704", "minori",
        altro=("coordinatore", "B212", "minori"), in_delega_di="anna.ferrari",
    ),
)  # fmt: skip
"""Whoever names another as absent stands before him."""
