"""What may be asked of the registry of machine clients, and what such a client may be given."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from contracts.base import CodiceEnte
from contracts.mandato import AZIONI, SEZIONI, Extent
from gateway.operatori.commands import Motivo, Nome, Settore
from gateway.policy import Policy

NEVER = frozenset(
    {"operatori", "politica", "registro_accessi", "emergenze", "riservatezza", "secondo_livello"}
)
"""Sections no machine reaches: they are for persons who answer for what they do."""
SCOPES = tuple(f"{sezione}:{azione}" for sezione in SEZIONI if sezione not in NEVER for azione in AZIONI)
"""What the words allow; of these, a machine gets what some role of the policy in force has (`scopes`)."""
EXTENTS = (Extent.SETTORE, Extent.ENTE, Extent.AMBITO, Extent.PROVINCIA)


class NuovoClient(BaseModel):
    """`finalita`: why it reads, in words: the access log has it beside each of its requests. `chiave`: JWK or PEM."""

    nome: Nome
    ente: CodiceEnte
    settore: Settore = ""
    finalita: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=300)]
    estensioni: Annotated[dict[str, Extent], Field(min_length=1, max_length=len(SCOPES))]
    chiave: str
    scade_il: date | None = None


class NuovaChiave(BaseModel):
    chiave: str


class ApprovaClient(BaseModel):
    """`chiavi`: kid of every key that waits, as whoever approves saw them."""

    chiavi: Annotated[list[Annotated[str, StringConstraints(max_length=100)]], Field(max_length=100)]


class RevocaClient(BaseModel):
    motivo: Motivo


def scopes(policy: Policy) -> tuple[str, ...]:
    """What a machine may be given: nothing that no person has."""
    return tuple(scope for scope in SCOPES if scope in policy.held)
