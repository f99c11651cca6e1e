"""A gateway with SPID and CIE over https, and an identity provider that answers it."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.settings import Settings
from gateway.testing import FakeServices

# gateway/ is a folder and a package: helpers of these tests are found by their own folder.
sys.path.insert(0, str(Path(__file__).parent))

from idp import FakeIdp
from spid_world import BASE, Door, Recorder, write_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spid")
    write_world(folder, [FakeIdp(), FakeIdp("https://altro.prova.example", name="Altro gestore")])
    return folder


@pytest.fixture(scope="session")
def spid_settings(settings: Settings, world: Path) -> Settings:
    return settings.model_copy(
        update={
            "https": True, "public_url": BASE, "spid_file": world / "spid.toml", "wrong_login_delay": 0.0,
        }
    )  # fmt: skip


@pytest.fixture(scope="session")
def spid_app(spid_settings: Settings) -> FastAPI:
    """One for all tests: reading keys and signing metadata takes longer than a test."""
    return create_app(spid_settings, rpc=FakeServices())


@pytest.fixture(scope="session")
def running(spid_app: FastAPI) -> Iterator[TestClient]:
    with TestClient(spid_app, base_url=BASE, follow_redirects=False) as client:
        yield client


@pytest.fixture
def site(running: TestClient) -> TestClient:
    """A browser that has not been anywhere."""
    running.cookies.clear()
    return running


@pytest.fixture
def retouch(spid_app: FastAPI) -> Iterator[Callable[..., None]]:
    """`retouch("spid", binding="redirect")`: the scheme otherwise configured, until the test ends."""
    providers = spid_app.state.spid.providers
    kept = dict(providers)

    def change(name: str, **update: Any) -> None:
        schema = providers[name].schema.model_copy(update=update)
        providers[name] = replace(providers[name], schema=schema)

    yield change
    providers.update(kept)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Lines of the login's log."""
    recorder = Recorder()
    monkeypatch.setattr("gateway.spid.routes.log", recorder)
    return recorder.lines


@pytest.fixture
def idp() -> Any:
    return FakeIdp()


@pytest.fixture
def door(site: TestClient, idp: Any) -> Door:
    return Door(site, idp)


@pytest.fixture
def cie_door(site: TestClient, idp: Any) -> Door:
    return Door(site, idp, "cie")


@pytest.fixture
def sessions(query: Callable[..., list[dict[str, Any]]]) -> Callable[[], int]:
    """How many sessions there are: the difference says whether somebody got in."""
    return lambda: int(query("SELECT count(*) AS n FROM sessioni")[0]["n"])
