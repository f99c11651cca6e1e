"""The errors that may cross a process border: named, coded, with a message a person can read.

A service raises one; nameko carries class name and arguments over RPC; the gateway turns it into
problem+json (RFC 9457) or a page. Anything that is not one of these is a defect and is logged loudly.
"""

import json
from typing import Any, ClassVar


class DomainError(Exception):
    """Expected refusal. `code` is stable and dotted (`foglio.gia_approvato`), `message` is Italian.

    `fields` maps a field name to its own Italian message; `details` holds plain JSON data
    (for a conflict: `{"attuale": {...}}`, the version now in store).
    """

    status: ClassVar[int] = 400

    def __init__(
        self,
        code: str,
        message: str,
        fields: dict[str, str] | None = None,
        details: dict[str, Any] | str | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.fields = fields or {}
        self.details: dict[str, Any] = json.loads(details) if isinstance(details, str) else details or {}
        # Positional args: nameko re-creates the error from them on the other side, and would turn numbers
        # inside a dict into text; hence details travel as JSON.
        super().__init__(code, message, self.fields, json.dumps(self.details, default=str))

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Invalid(DomainError):
    """The request breaks a rule; `fields` says where."""

    status = 400


class Forbidden(DomainError):
    """The role may not do this at all. What one may not *see* is NotFound instead."""

    status = 403


class NotFound(DomainError):
    """Does not exist, or does not exist for this person: the answer is the same."""

    status = 404


class Conflict(DomainError):
    """Somebody was faster, or the state does not allow it."""

    status = 409


class TooLarge(DomainError):
    """The body is over the limit; refused before it is read."""

    status = 413


class Unavailable(DomainError):
    """A store or a service does not answer; nothing was done. Sent with Retry-After."""

    status = 503


ERRORS: dict[str, type[DomainError]] = {
    cls.__name__: cls for cls in (DomainError, Invalid, Forbidden, NotFound, Conflict, TooLarge, Unavailable)
}
"""Class name → class: how the gateway gives an error that came over RPC its status back."""
