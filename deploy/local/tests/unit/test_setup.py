"""The set-up script, as a module: it is standard library only."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
from types import ModuleType

import pytest

from sisolocal.layout import repository_root


@pytest.fixture
def siso() -> ModuleType:
    path = str(repository_root() / "siso")
    loader = importlib.machinery.SourceFileLoader("siso_script", path)
    spec = importlib.util.spec_from_loader("siso_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_constraints_name_no_index_and_hash_every_package():
    lines = (repository_root() / "constraints.txt").read_text()
    packages = re.split(r"^(?=[a-z0-9])", lines, flags=re.M)[1:]

    assert not re.search(r"https?://|file:|--(extra-)?index|--find-links", lines)
    assert len(packages) > 100
    assert all(re.match(r"\S+==\S+", one) and "--hash=sha256:" in one for one in packages)


def test_constraints_pin_every_direct_dependency():
    pinned = set(
        re.findall(r"^([a-z0-9][^\s]*==[^\s]+)", (repository_root() / "constraints.txt").read_text(), re.M)
    )
    for file in (repository_root() / "requirements").glob("*.in"):
        for line in file.read_text().splitlines():
            requirement = re.sub(r"\[.*?\]", "", line.split("#")[0].strip())
            assert requirement in pinned, f"{file.name}: {requirement}"
            assert "#" in line, f"{file.name}: {requirement} has no reason"


def test_blocks_part_the_constraints_without_losing_a_line(siso):
    chosen, rest = siso.blocks(["uv"])

    assert chosen.startswith("uv==")
    assert "--hash" in chosen
    assert chosen.count("==") == 1
    assert len(chosen) + len(rest) == len((siso.ROOT / "constraints.txt").read_text())


def test_without_root_the_exact_apt_command_is_said_and_the_code_is_3(siso, monkeypatch):
    monkeypatch.setattr(siso.os, "geteuid", lambda: 1000)

    with pytest.raises(
        siso.SetupError, match="apt-get install -y --no-install-recommends chromium rabbitmq-server"
    ) as stop:
        siso.install_packages(["chromium", "rabbitmq-server"])

    assert stop.value.code == 3


def test_too_little_space_ends_the_setup_with_5(siso):
    with pytest.raises(siso.SetupError, match="spazio su disco insufficiente") as stop:
        siso.require_space(10**9)

    assert stop.value.code == 5


def test_failing_step_shows_its_last_lines(siso, tmp_path, monkeypatch):
    monkeypatch.setattr(siso, "SETUP", tmp_path)

    with pytest.raises(siso.SetupError, match=r"(?s)«rotto» non è riuscito.*causa vera"):
        siso.run("rotto", ["sh", "-c", "echo causa vera; exit 1"])


def test_stamp_changes_with_the_constraints(siso, tmp_path, monkeypatch):
    (tmp_path / "constraints.txt").write_text("a==1")
    for package in siso.PACKAGES:
        (tmp_path / package).mkdir(parents=True)
        (tmp_path / package / "pyproject.toml").write_text(package)
    monkeypatch.setattr(siso, "ROOT", tmp_path)
    before = siso.python_digest()

    (tmp_path / "constraints.txt").write_text("a==2")

    assert siso.python_digest() != before
