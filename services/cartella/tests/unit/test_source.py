"""What the source itself promises."""

import re
from pathlib import Path

import cartella.service

ROOT = Path(cartella.service.__file__).parent


def sources() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def test_nothing_in_this_service_can_delete_a_document() -> None:
    deleting = re.compile(
        r"\.(delete_one|delete_many|find_one_and_delete|drop|drop_collection|remove)\(|\$pull|\$unset|\$pop"
    )

    found = [path.name for path in sources() if deleting.search(path.read_text())]

    assert found == []


def test_the_store_is_spoken_to_in_the_repositories_alone() -> None:
    allowed = {"models.py", "migrations", "repository"}

    found = [
        path.relative_to(ROOT)
        for path in sources()
        if re.search(r"^(from|import) (pymongo|bson)", path.read_text(), re.M)
        and path.relative_to(ROOT).parts[0] not in allowed
    ]

    assert found == []


def test_rights_become_queries_in_one_module() -> None:
    found = [
        path.name
        for path in sources()
        if "mongo_filter" in path.read_text() or '"$in": [None' in path.read_text()
    ]

    assert found == ["visibility.py"]
