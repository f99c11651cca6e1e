"""What the tests of the deployment share: the compose file as compose reads it, the secrets, the names of the parts."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from contracts.rpc import RPC

ROOT = Path(__file__).resolve().parents[2]
OWNERS = (*RPC, "gateway")
EXACT = re.compile(r"^[a-z0-9./-]+:v?(\d+\.\d+|RELEASE\.\d{4}-\d{2}-\d{2}T)[\w.-]*$")
"""An image with a tag that says which version it is."""

Manifest = dict[str, Any]


def tool(name: str) -> str:
    """A checker installed with the tests."""
    found = Path(sys.executable).with_name(name)
    if not found.exists():
        pytest.skip(f"{name} is not installed")
    return str(found)


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def has_seed(owner: str) -> bool:
    return importlib.util.find_spec(f"{owner}.seed") is not None


@pytest.fixture(scope="module")
def compose() -> Manifest:
    """The compose file as compose itself understands it, anchors and defaults resolved."""
    return resolved("docker-compose.yml")


@pytest.fixture(scope="module")
def compose_seaweedfs() -> Manifest:
    """The same with SeaweedFS in the place of MinIO."""
    return resolved("docker-compose.yml", "docker-compose.seaweedfs.yml")


def resolved(*files: str) -> Manifest:
    named = [word for file in files for word in ("-f", file)]
    done = run(
        tool("docker-compose"), "--profile", "*", *named, "config", "--format", "json", "--no-path-resolution"
    )
    assert done.returncode == 0, done.stderr
    found: Manifest = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def make_secrets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_secrets", ROOT / "deploy" / "make_secrets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(make_secrets: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every secret file, made now."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here: no secrets were made")
    folder = tmp_path_factory.mktemp("secrets")
    make_secrets.FOLDER = folder
    for make in ("make_postgres", "make_mongo", "make_broker", "make_store", "make_keys"):
        getattr(make_secrets, make)()
    return folder
