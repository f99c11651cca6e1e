"""What an incarico must be, whoever asks: a real codice fiscale, a role of the policy, an ente within reach, an act."""

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from codicefiscale import codicefiscale

from contracts.errors import Forbidden, Invalid
from contracts.mandato import Extent
from gateway.operatori.commands import NuovoIncarico, NuovoOperatore
from gateway.policy import EMERGENCY, Policy

if TYPE_CHECKING:
    from gateway.auth import Caller

SCRIVI = "operatori:scrivi"
NOT_OF_OPERATORS = frozenset({EMERGENCY, "cittadino"})
"""Roles of the policy that nobody is given."""
WITHOUT_CASES = frozenset(
    {"operatori", "politica", "registro_accessi", "caricamenti", "report", "avvisi", "anagrafe"}
)
REVIEWS = frozenset({"emergenze:leggi", "emergenze:approva"})
SETTORI = ("minori", "adulti", "anziani", "amministrativo", "segretariato", "pronto_intervento")
"""Settori that need not be announced as new."""
SHAPE = re.compile(r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-EHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]")
LONGEST_YEARS = 50


@dataclass(frozen=True, slots=True)
class Autorita:
    """Who changes the registry: the administrator, in which enti, under which policy. `persone`: he, and whom he stands
    in for; `codice_fiscale` is his."""

    operatore_id: UUID
    persone: frozenset[UUID]
    codice_fiscale: str
    enti: tuple[str, ...]
    policy: Policy

    @classmethod
    def of(cls, caller: "Caller", policy: Policy) -> "Autorita":
        titolare = caller.identity.titolare_id
        people = frozenset(one for one in (caller.operatore_id, titolare) if one is not None)
        return cls(caller.operatore_id, people, caller.codice_fiscale, caller.enti(SCRIVI), policy)

    def refuse_self(self, operatore_id: UUID | None = None, codice_fiscale: str = "") -> None:
        """Four eyes: nobody gives, ends or revokes what is his own."""
        if operatore_id in self.persone or (codice_fiscale and codice_fiscale == self.codice_fiscale):
            raise Forbidden(
                "operatori.quattro_occhi",
                "I tuoi incarichi li cambia un altro amministratore: da soli non si può.",
            )


def roles(policy: Policy) -> list[str]:
    """Roles an operator may be given."""
    return sorted(policy.rules.keys() - NOT_OF_OPERATORS)


def sees_cases(policy: Policy, ruolo: str) -> bool:
    """Whether the role reaches anything of a case: every scope that is not known to hold none counts."""
    return any(_of_cases(scope) for scope in policy.rules.get(ruolo, {}))


def _of_cases(scope: str) -> bool:
    return scope.partition(":")[0] not in WITHOUT_CASES and scope not in REVIEWS


def needs_settore(policy: Policy, ruolo: str) -> bool:
    rules = policy.rules.get(ruolo, {})
    return any(extent is Extent.SETTORE and _of_cases(scope) for scope, extent in rules.items())


def check_incarico(by: Autorita, command: NuovoIncarico, known: frozenset[str], today: date) -> None:
    """Raises Invalid with every field that is wrong. `known`: settori somebody of the ente works in."""
    wrong: dict[str, str] = {}
    if command.ruolo not in roles(by.policy):
        wrong["ruolo"] = "Questo ruolo non c'è nella politica in vigore."
    if command.ente not in by.enti:
        wrong["ente"] = "Questo ente non è tra quelli che gestisci."
    if not command.settore and needs_settore(by.policy, command.ruolo):
        wrong["settore"] = "Questo ruolo lavora in un settore: scrivi quale."
    if command.settore and command.settore not in known | {*SETTORI} and not command.nuovo_settore:
        wrong["settore"] = "Nessuno lavora in questo settore: se è giusto così, conferma che è nuovo."
    if command.al is not None and command.al < command.dal:
        wrong["al"] = "La fine viene prima dell'inizio."
    elif command.al is not None and command.al < today:
        wrong["al"] = "A questa data l'incarico è già finito."
    if abs(command.dal.year - today.year) > LONGEST_YEARS:
        wrong["dal"] = "Questa data di inizio non è verosimile."
    if wrong:
        raise Invalid("operatori.incarico_non_valido", "L'incarico ha dati da sistemare.", wrong)


def normalized(codice: str) -> str:
    return re.sub(r"\s", "", codice).upper()


def check_persona(command: NuovoOperatore) -> str:
    """The codice fiscale as it is kept (DM 12 marzo 1974, omocodia included). Invalid when it is no one's."""
    codice = normalized(command.codice_fiscale)
    wrong = _wrong_with(codice)
    if not wrong and not command.conferma_nome and not _agrees(codice, command.cognome, command.nome):
        wrong = "Non concorda con cognome e nome: controlla, o conferma che è giusto così."
    if wrong:
        raise Invalid(
            "operatori.codice_fiscale", "Il codice fiscale è da sistemare.", {"codice_fiscale": wrong}
        )
    return codice


def _wrong_with(codice: str) -> str:
    if not SHAPE.fullmatch(codice):
        return "Il codice fiscale ha 16 caratteri, come RSSMRA85T10A562S."
    if codicefiscale.encode_cin(codice) != codice[15]:
        return "L'ultima lettera non torna: c'è un errore di battitura."
    if not codicefiscale.is_valid(codice):
        return "Contiene una data o un luogo di nascita che non esiste."
    return ""


def _agrees(codice: str, cognome: str, nome: str) -> bool:
    expected: str = codicefiscale.encode_lastname(cognome) + codicefiscale.encode_firstname(nome)
    return codice[:6] == expected
