"""The import contracts of pyproject.toml: services are independent, nameko lives in the chassis alone."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_import_contracts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlinter.cli import lint_imports

    monkeypatch.chdir(ROOT)

    assert lint_imports(config_filename=str(ROOT / "pyproject.toml")) == 0
