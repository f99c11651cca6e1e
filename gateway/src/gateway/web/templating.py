"""The one Jinja environment of the pages: strict, escaping, with the formats and words as filters."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2_fragments import render_block

from gateway.web import formats, labels

STATIC_URL = "/static"


class StaticFolder:
    """Where the built files are (`Settings.static_dir`); the manifest is read again when a new build replaced it."""

    def __init__(self) -> None:
        self.path = Path(__file__).resolve().parent.parent / "static"
        self._read: tuple[Path, int] | None = None
        self._names: dict[str, str] = {}

    def names(self) -> dict[str, str]:
        """Plain name → hashed name; empty before the first build."""
        manifest = self.path / "manifest.json"
        try:
            stamp = (manifest, manifest.stat().st_mtime_ns)
            if stamp != self._read:
                self._names, self._read = json.loads(manifest.read_text()), stamp
        except FileNotFoundError:
            return {}
        return self._names


static_folder = StaticFolder()


def asset(name: str) -> str:
    """URL of a built file by its plain name."""
    return f"{STATIC_URL}/{static_folder.names().get(name, name)}"


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
