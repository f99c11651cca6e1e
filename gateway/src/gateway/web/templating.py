"""The one Jinja environment of the pages: strict, escaping, with the formats and words as filters."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2_fragments import render_block

from gateway.web import formats, labels

STATIC_URL = "/static"


@cache
def manifest(folder: Path) -> dict[str, str]:
    """Plain name → hashed name, as `npm run build` left it; empty before the first build."""
    path = folder / "manifest.json"
    names: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return names


def static_folder() -> Path:
    return Path(__file__).resolve().parent.parent / "static"


def asset(name: str) -> str:
    """URL of a built file by its plain name."""
    return f"{STATIC_URL}/{manifest(static_folder()).get(name, name)}"


def with_query(path: str, current: dict[str, str], **changes: object) -> str:
    """The same URL with some parameters changed; None takes one out."""
    merged: dict[str, object] = {**current, **changes}
    query = urlencode({key: value for key, value in merged.items() if value not in (None, "")}, doseq=True)
    return f"{path}?{query}" if query else path


def words_of(value: object, kind: str) -> str:
    return labels.word(value, kind)


def build_environment() -> Environment:
    env = Environment(
        loader=PackageLoader("gateway", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(formats.FILTERS)
    env.filters["parola"] = words_of
    env.globals.update(
        asset=asset,
        stato_di=labels.state,
        opzioni=labels.options,
        con_parametri=with_query,
        adesso=formats.now,
        oggi=formats.today,
    )
    env.globals.update(
        ui=env.get_template("macros/ui.html").module, m=env.get_template("macros/moduli.html").module
    )
    return env


environment = build_environment()


def render(template: str, context: dict[str, Any]) -> str:
    return environment.get_template(template).render(**context)


def render_part(template: str, block: str, context: dict[str, Any]) -> str:
    """One block of a page, for htmx."""
    return render_block(environment, template, block, **context)


def seconds_until(moment: datetime) -> int:
    return max(int((moment - formats.now()).total_seconds()), 0)
