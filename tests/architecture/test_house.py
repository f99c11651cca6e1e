"""The shape of the house, held by tests: what a newcomer may rely on without reading everything."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.consumers import CONSUMERS, PRODUCERS, SERVICES, handler_of
from contracts.events import CATALOGUE
from contracts.rpc import RPC

ROOT = Path(__file__).parents[2]
REQUIRED = {"__init__", "service", "use_cases", "domain", "models", "repository", "settings", "migrations"}
ALLOWED = REQUIRED | {"policies", "projections", "adapters", "jobs", "seed", "py.typed"}
STORE_CLIENTS = {"sqlalchemy", "pymongo", "bson", "psycopg", "psycopg2", "minio", "duckdb", "ibis", "pyarrow"}
STORE_ROOMS = {"repository", "models", "projections", "adapters", "migrations", "jobs", "seed"}


def source(service: str) -> Path:
    return ROOT / "services" / service / "src" / service


def modules(service: str) -> Iterator[Path]:
    yield from sorted(source(service).rglob("*.py"))


def room(service: str, module: Path) -> str:
    """First name under the package: `use_cases/diario.py` and `use_cases.py` are the same room."""
    return module.relative_to(source(service)).parts[0].removesuffix(".py")


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def decorated(service: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """(decorator's name, method) of everything `service.py` publishes."""
    tree = ast.parse((source(service) / "service.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                target = decorator.func if isinstance(decorator, ast.Call) else decorator
                yield getattr(target, "id", ""), node


@pytest.mark.parametrize("service", SERVICES)
def test_service_has_the_same_rooms_as_the_others(service: str) -> None:
    rooms = {
        path.name.removesuffix(".py") for path in source(service).iterdir() if path.name != "__pycache__"
    }

    assert REQUIRED - rooms == set()
    assert rooms - ALLOWED == set()


@pytest.mark.parametrize("service", SERVICES)
def test_service_publishes_exactly_the_rpcs_of_the_contracts(service: str) -> None:
    published = {method.name for name, method in decorated(service) if name == "rpc"}

    assert published == set(RPC.get(service, {}))


@pytest.mark.parametrize("service", SERVICES)
def test_service_handles_exactly_the_events_it_has_queues_for(service: str) -> None:
    handled = {method.name for name, method in decorated(service) if name == "on_event"}

    assert handled == {handler_of(event) for event in CONSUMERS.get(service, ())}


@pytest.mark.parametrize("service", SERVICES)
def test_store_clients_stay_in_their_rooms(service: str) -> None:
    strays = {
        f"{module.relative_to(ROOT)} imports {name}"
        for module in modules(service)
        for name in imported(module)
        if name.split(".")[0] in STORE_CLIENTS and room(service, module) not in STORE_ROOMS
    }

    assert strays == set()


@pytest.mark.parametrize("service", SERVICES)
def test_service_never_reaches_into_a_sister(service: str) -> None:
    """import-linter sees imports; this also sees names given to importlib."""
    sisters = set(SERVICES) - {service} | {"gateway"}
    text = {module: module.read_text() for module in modules(service)}
    strays = {
        str(module.relative_to(ROOT))
        for module, code in text.items()
        if any(re.search(rf"import_module\(\s*f?[\"']{sister}", code) for sister in sisters)
        or sisters & {name.split(".")[0] for name in imported(module)}
    }

    assert strays == set()


@pytest.mark.parametrize("service", SERVICES)
def test_entry_file_stays_a_table_of_contents(service: str) -> None:
    assert len((source(service) / "service.py").read_text().splitlines()) <= 200


def test_commit_is_said_in_the_chassis_alone() -> None:
    places = [*(ROOT / "services").glob("*/src/*/use_cases*"), *(ROOT / "services").glob("*/src/*/domain*")]
    files = [file for place in places for file in ([place] if place.is_file() else place.rglob("*.py"))]

    assert [str(file) for file in files if re.search(r"\.commit\(", file.read_text())] == []


def test_each_event_is_emitted_somewhere() -> None:
    """An event in the catalogue that nobody emits promises others what never comes."""
    code = "\n".join(
        file.read_text()
        for folder in ("services", "gateway")
        for file in (ROOT / folder).rglob("src/**/*.py")
        if "node_modules" not in file.parts
    )

    silent = [
        name
        for name, event in CATALOGUE.items()
        if not re.search(rf"\b{event.__name__}\b|{re.escape(name)}", code)
    ]

    assert silent == []


def test_every_producer_has_an_outbox() -> None:
    for producer in PRODUCERS:
        base = ROOT / "gateway/src/gateway" if producer == "gateway" else source(producer)
        migrations = "\n".join(file.read_text() for file in base.glob("migrations/versions/*.py"))
        assert "create_outbox" in migrations or producer == "cartella", producer


def test_words_the_glossary_forbids_are_not_in_the_code() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()  # fmt: skip
    found = {
        file
        for file in tracked
        if not file.startswith("tests/")
        and re.search(r"(?i)\b(def|class)\s+\w*utente\w*", (ROOT / file).read_text())
    }

    assert found == set()


def test_glossary_knows_the_nouns_of_the_contracts() -> None:
    glossary = (ROOT / "docs/glossario.md").read_text().lower()
    nouns = {name.split(".")[1] for name in CATALOGUE} | set(SERVICES)

    assert {
        noun for noun in nouns if noun.replace("_", " ") not in glossary and noun not in glossary
    } == set()


def test_nothing_of_the_machine_or_a_registry_is_in_the_repository() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    forbidden = re.compile(
        r'"resolved":\s*"http|index-url\s*[= ]\s*"?http|find-links\s*=|registry\s*=\s*"?http'
        r"|/work/|/home/\w+/|/opt/wheels"
    )
    found = []
    for name in tracked:
        file = ROOT / name
        if (
            name == "tests/architecture/test_house.py"
            or not file.is_file()
            or file.suffix in {".png", ".woff2"}
        ):
            continue
        if match := forbidden.search(file.read_text(errors="replace")):
            found.append(f"{name}: {match.group()}")

    assert found == []


def test_python_dependencies_are_pinned_with_hashes() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith((" ", "#"))]

    assert pins
    assert [line for line in pins if "==" not in line] == []
    assert sum("--hash=sha256:" in line for line in lines) >= len(pins)
