"""The store itself: indexes, shapes, and a long random life of one case."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from bson.decimal128 import Decimal128
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.cartella.tests.factories import make_add_isee, make_mandato, make_open

from cartella.settings import Settings
from cartella.use_cases import isee, presa_in_carico
from chassis.migrations import migrate
from chassis.mongo import MongoDatabase
from contracts.cartella import (
    AssignCartella,
    CartellaOut,
    CloseCartella,
    GetCartella,
    ReopenCartella,
    TakeInCarico,
)
from contracts.errors import DomainError
from contracts.mandato import Mandato


def winning_stages(explained: dict[str, Any]) -> str:
    return str(explained["queryPlanner"]["winningPlan"])


def test_migrating_twice_changes_nothing(mongo_database: Any) -> None:
    store_settings = Settings(mongo_url=mongo_database("cartella"))

    assert migrate("cartella", store_settings) == "0004_documenti_riservati"


@pytest.mark.parametrize(
    ("collection", "narrow", "index"),
    [
        ("cartelle", {"_id": uuid4()}, "_id_"),
        ("voci_diario", {"cartella_id": uuid4()}, "voci_of_cartella"),
        ("isee", {"cartella_id": uuid4()}, "isee_of_cartella"),
        ("cartelle", {"team": uuid4()}, "of_team"),
        ("cartelle", {"residente_id": {"$in": [uuid4()]}}, "of_residente"),
        ("cartelle", {"progressivo": 7}, "progressivo"),
    ],
)
def test_every_narrowing_clause_has_its_index(
    database: MongoDatabase, collection: str, narrow: dict[str, Any], index: str
) -> None:
    plan = winning_stages(database.db[collection].find(narrow).explain())

    assert "IXSCAN" in plan
    assert f"'{index}'" in plan


@pytest.mark.real_server
def test_the_list_of_a_settore_is_read_in_order_from_indexes(database: MongoDatabase) -> None:
    if "secantus" in str(database.db.command("hello").get("setName", "")):
        pytest.skip("the embedded store uses no index beside a $or")
    right = {"$or": [{"team": uuid4()}, {"ente": "F704", "settore": "minori"}]}
    cursor = database.db.cartelle.find(right).sort([("aperta_il", -1), ("_id", -1)]).limit(50)

    plan = winning_stages(cursor.explain())

    assert "COLLSCAN" not in plan
    assert "'SORT'" not in plan


def test_money_is_kept_as_decimal_and_ids_as_uuid(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    written = isee.add_isee(make_add_isee(caso.id), giulia, database)

    document = database.db.isee.find_one({"_id": written.id})

    assert document is not None
    assert document["isee"] == Decimal128(Decimal("10000.00"))
    assert document["cartella_id"] == caso.id


WORKERS = [uuid4() for _ in range(3)]
ACTS = ("take", "assign", "close", "reopen")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(WORKERS)), max_size=8))
def test_any_sequence_of_commands_leaves_a_whole_history_in_the_store(
    database: MongoDatabase, acts: list[tuple[str, Any]]
) -> None:
    settore = f"settore-{uuid4().hex[:8]}"
    caso = presa_in_carico.open_cartella(make_open(), make_mandato(settore=settore), database)
    seen = caso

    for act, worker in acts:
        mandato = make_mandato(settore=settore, operatore_id=worker)
        try:
            now = perform(act, seen, mandato, database)
        except DomainError:
            now = seen
        stored = presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), mandato, database)

        assert stored == now
        assert stored.passaggi[: len(seen.passaggi)] == seen.passaggi
        seen = stored

    events = database.db.outbox.count_documents({"subject": str(caso.id)})
    assert seen.version == len(seen.passaggi) == events


def perform(act: str, caso: CartellaOut, mandato: Mandato, database: MongoDatabase) -> CartellaOut:
    common = {"cartella_id": caso.id, "version": caso.version, "motivo": "prova"}
    if act == "take":
        return presa_in_carico.take_in_carico(TakeInCarico(**common), mandato, database)
    if act == "assign":
        request = AssignCartella(**common, responsabile_id=mandato.operatore_id)
        return presa_in_carico.assign_cartella(request, mandato, database)
    if act == "close":
        return presa_in_carico.close_cartella(CloseCartella(**common), mandato, database)
    return presa_in_carico.reopen_cartella(ReopenCartella(**common), mandato, database)
