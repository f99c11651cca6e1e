"""Two people on one thing: what stands now and what was typed, side by side; nothing is lost."""

from contextlib import suppress
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.auth import Caller
from gateway.web import formats
from gateway.web.forms import Form, plain_amount
from gateway.web.labels import plain
from gateway.web.page import respond

HIDDEN = {"csrf_token", "version", "idempotency_key", "poi", "esito", "ritorno"}


def shown(name: str, value: str) -> str:
    """Both sides in the same words: moments on the clock of Rome, amounts in euros, kinds as the office says them."""
    if name == "quando":
        with suppress(ValueError):
            moment = datetime.fromisoformat(value)
            return formats.moment(moment if moment.tzinfo else moment.replace(tzinfo=formats.ROMA))
    if name.startswith(("importo", "quota_")):
        with suppress(InvalidOperation):
            return formats.euro(Decimal(plain_amount(value)))
    return plain(value) if name in ("tipo", "stato", "carattere") else value


def compare(typed: Form, now: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per field typed, with the value now in store; `diverso` where they differ."""
    rows = []
    for name in typed.values:
        if name in HIDDEN or name not in now:
            continue
        stored = shown(name, "" if now[name] is None else str(now[name]))
        mine = ", ".join(shown(name, value) for value in typed.all(name))
        rows.append({"nome": plain(name), "adesso": stored, "tua": mine, "diverso": stored != mine})
    return rows


async def conflict_page(
    request: Request, caller: Caller, form: Form, what: str, current: str, *, section: str = "casi"
) -> Response:
    """409. "Registra la tua" sends the same form again on top of the version now in store."""
    assert form.conflict is not None
    now: dict[str, Any] = dict(form.conflict.details.get("attuale") or {})
    sent = {name: values for name, values in form.values.items() if name not in {"csrf_token", "version"}}
    version = now.get("version")
    again = request.url.path if version is not None else ""
    if version is not None:
        sent["version"] = [str(version)]
    rows = compare(form, now) or [
        {"nome": plain(str(name)), "adesso": str(value), "tua": "", "diverso": False}
        for name, value in now.items()
        if isinstance(value, str | int) and name not in HIDDEN and not name.endswith("id")
    ]
    return await respond(
        request, caller, "pagine/conflitto.html", title="Due versioni", section=section, status=409, oggetto=what,
        righe=rows, pagina_attuale=current, ripeti=again, inviati=sent,
    )  # fmt: skip
