"""A test identity provider outside a test would let anybody in as anybody."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from devidp.keys import ensure_keys
from devidp.settings import Refused, read_settings

ROOT = Path(__file__).parents[3]
GOOD = {
    "SISO_ENV": "test", "DEVIDP_BASE_URL": "http://127.0.0.1:8085", "DEVIDP_KEYS_DIR": "k", "DEVIDP_PEOPLE_FILE": "p",
}  # fmt: skip


@pytest.mark.parametrize("environment", ["demo", "test"])
def test_it_runs_in_demo_and_test(environment):
    assert read_settings(GOOD | {"SISO_ENV": environment}).port == 8085


@pytest.mark.parametrize("environment", ["production", "", "Demo", "prova"])
def test_it_refuses_to_run_anywhere_else(environment):
    with pytest.raises(Refused, match="SISO_ENV"):
        read_settings(GOOD | {"SISO_ENV": environment})


def test_without_an_environment_it_refuses():
    with pytest.raises(Refused, match="SISO_ENV"):
        read_settings({name: value for name, value in GOOD.items() if name != "SISO_ENV"})


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "idp.example", "localhost", "[::1]", ""])
def test_it_listens_on_a_numeric_loopback_address_only(host):
    with pytest.raises(Refused, match="sola macchina"):
        read_settings(GOOD | {"DEVIDP_BASE_URL": f"http://{host}:80"})


def test_the_process_ends_with_one_line_and_no_traceback_when_it_refuses():
    argv = [sys.executable, "-m", "devidp", "serve"]
    done = subprocess.run(
        argv, env=GOOD | {"SISO_ENV": "production"}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith("devidp: SISO_ENV")
    assert "Traceback" not in done.stderr


def test_keys_are_made_once_and_are_their_owners_alone(tmp_path):
    first = ensure_keys(tmp_path / "keys")

    assert ensure_keys(tmp_path / "keys") == first
    assert (tmp_path / "keys" / "idp.key").stat().st_mode & 0o077 == 0


def test_no_image_and_no_manifest_brings_it_along():
    files = [
        ROOT / "deploy" / "Dockerfile",
        *ROOT.glob("docker-compose*.yml"),
        *ROOT.glob("deploy/kubernetes/**/*.yaml"),
    ]

    assert [file.name for file in files if re.search("devidp", file.read_text(), re.IGNORECASE)] == []
