"""Forms without a framework: what was typed, what is wrong with it, and the command it becomes.

`Form.build` turns what a browser posts (strings) into a contract model; whatever is wrong becomes an Italian message at
its field. `Form.collecting` does the same for a refusal that comes back from a service, so that a view reads:

    form = await read_form(request)
    with form.collecting():
        await caller.call("cartella", "add_isee", form.build(AddIsee, cartella_id=id), IseeOut)
    if form.failed:
        return await isee_page(request, caller, id, form)
    return done(f"/casi/{id}/isee", "isee")
"""

from dataclasses import dataclass, field
from typing import TypeVar, cast
from uuid import uuid4

from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from contracts.errors import Conflict, DomainError, Invalid
from gateway.validation import italian_fields

M = TypeVar("M", bound=BaseModel)


class FormInvalid(Exception):
    """The form cannot become a command; the messages stand in `Form.errors`."""


def plain_amount(text: str) -> str:
    """`1.234,50` and `€ 1234.5` → what Decimal reads. Dots are thousands before a comma or a group of three."""
    clean = text.replace("€", "").replace("\u00a0", "").replace(" ", "").strip()
    if "," in clean:
        return clean.replace(".", "").replace(",", ".")
    head, dot, tail = clean.rpartition(".")
    grouped = dot and len(tail) == 3 and all(len(part) == 3 for part in head.split(".")[1:])
    return clean.replace(".", "") if grouped else clean


@dataclass
class Form:
    """What was typed (`values`), messages by field (`errors`), refusals of the whole (`general`), a stale version."""

    values: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    general: list[str] = field(default_factory=list)
    files: dict[str, UploadFile] = field(default_factory=dict)
    conflict: Conflict | None = None

    @classmethod
    def of(cls, **values: object) -> "Form":
        """A fresh form with its fields filled in; None stays empty. Each has its own idempotency key."""
        filled = {name: [str(value)] for name, value in values.items() if value is not None}
        return cls(values={"idempotency_key": [str(uuid4())], **filled})

    @property
    def failed(self) -> bool:
        return bool(self.errors or self.general or self.conflict)

    @property
    def status(self) -> int:
        """HTTP status of the page that shows this form again."""
        return 409 if self.conflict else 422 if self.failed else 200

    def get(self, name: str) -> str:
        return (self.values.get(name) or [""])[0]

    def all(self, name: str) -> list[str]:
        return self.values.get(name, [])

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    def in_order(self) -> dict[str, str]:
        """The messages as the page has their fields, which is how a browser posts them; what it did not post (a group
        with nothing chosen, a file) comes last."""
        posted = list(self.values)
        return dict(
            sorted(
                self.errors.items(),
                key=lambda one: posted.index(one[0]) if one[0] in posted else len(posted),
            )
        )

    def refuse(self, name: str, message: str) -> None:
        """Says what is wrong with a field; the first message stays."""
        self.errors.setdefault(name, message)

    def build(
        self,
        model: type[M],
        *,
        money: tuple[str, ...] = (),
        flags: tuple[str, ...] = (),
        lists: tuple[str, ...] = (),
        **known: object,
    ) -> M:
        """The command; `known` are values the page knows and the form does not. Empty fields count as absent."""
        data: dict[str, object] = {
            name: texts[0].strip() for name, texts in self.values.items() if texts and texts[0].strip()
        }
        data |= {name: plain_amount(cast(str, data[name])) for name in money if name in data}
        data |= {name: name in data for name in flags}
        data |= {name: self.all(name) for name in lists}
        try:
            command = model.model_validate(data | known)
        except ValidationError as error:
            for name, message in italian_fields(error.errors()).items():
                self.refuse(name.partition(".")[0], message)
            raise FormInvalid from error
        if self.errors:
            raise FormInvalid
        return command

    def collecting(self) -> "Collecting":
        """Turns a form that does not fit, or a refusal of the service, into messages on this form."""
        return Collecting(self)

    def take(self, error: DomainError) -> None:
        """The refusal as messages; a stale version is kept aside for the page that shows both."""
        if isinstance(error, Conflict) and error.details.get("attuale"):
            self.conflict = error
        for name, message in error.fields.items():
            self.refuse(name, message)
        if not error.fields:
            self.general.append(error.message)


class Collecting:
    """`with form.collecting():` goes on after the block when the form, or the service, refused."""

    def __init__(self, form: Form) -> None:
        self.form = form

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, Invalid | Conflict):
            self.form.take(error)
            return True
        return isinstance(error, FormInvalid)


async def read_form(request: Request) -> Form:
    """What the browser posted: texts in `values`, files in `files`."""
    posted = await request.form()
    form = Form()
    for name, value in posted.multi_items():
        if isinstance(value, UploadFile):
            form.files[name] = value
        else:
            form.values.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return form
