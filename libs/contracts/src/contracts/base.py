"""Shapes shared by all messages: frozen, tolerant readers (unknown fields are ignored)."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Message(BaseModel):
    """An RPC request or reply, or a part of one."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Command(Message):
    """Asks for a change. The same `idempotency_key` twice gives the same result once."""

    idempotency_key: UUID | None = None


class Personal:
    """Marks a personal value in an event: listed in `docs/eventi.md`, never logged."""


Importo = Annotated[Decimal, Field(max_digits=12, decimal_places=2)]
"""Euros, two decimals; travels as a JSON string, never as a float."""

CodiceEnte = Annotated[str, Field(pattern=r"^[A-Z][0-9]{3}$")]
"""An ente by the codice catastale (Belfiore) of its comune."""


END_OF_ANY_LIST = 2**31
"""No list is longer; stores refuse to skip numbers that do not fit their integers."""


class Pagina(Message):
    """Which slice of a list: `limite` rows after skipping `salta`."""

    limite: int = Field(default=50, ge=1, le=500)
    salta: Annotated[int, AfterValidator(lambda salta: min(salta, END_OF_ANY_LIST))] = Field(default=0, ge=0)
