"""Where a service keeps its data can be read without its package."""

import pytest

from chassis.settings import store_settings


def test_a_store_is_found_by_the_name_of_its_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_DATABASE_URL", "postgresql://toy")

    assert store_settings("toy").database_url == "postgresql://toy"


def test_a_service_without_a_store_is_refused_by_name() -> None:
    with pytest.raises(RuntimeError, match="ABSENT_DATABASE_URL"):
        store_settings("absent")
