"""The compiled filters, run by the real stores, against the plain reading of the mandate: no disagreement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libs.chassis.tests.casi import SCOPES, Caso, make_casi, make_mandato, may
from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    MetaData,
    Table,
    Text,
    Uuid,
    create_engine,
    make_url,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from chassis import reach
from chassis.mongo import CODEC
from contracts.mandato import Mandato

CASI = make_casi(seed=3, number=600)
TABLE = Table(
    "casi", MetaData(), Column("id", Uuid, primary_key=True), Column("ente", Text), Column("settore", Text),
    Column("team", ARRAY(Uuid)), Column("residente", Uuid), Column("riservata", Text), Column("condivisioni", JSONB),
    Column("creato", DateTime(timezone=True)),
)  # fmt: skip
C = TABLE.c
MANDATES = st.integers(0, 2**32).map(make_mandato)


@pytest.fixture(scope="module")
def postgres(pg_database: Callable[..., Any]) -> Iterator[Connection]:
    url = make_url(pg_database("report", fresh=True, migrated=False).migrator)
    engine = create_engine(url.set(drivername="postgresql+psycopg2"))
    with engine.connect() as connection:
        TABLE.create(connection)
        connection.execute(TABLE.insert(), [_row(caso) for caso in CASI])
        yield connection
    engine.dispose()


@pytest.fixture(scope="module")
def mongo(mongo_database: Callable[..., str]) -> Iterator[Any]:
    from pymongo import MongoClient

    client: Any = MongoClient(mongo_database("cartella", fresh=True))
    cases = client.get_default_database().with_options(codec_options=CODEC).casi
    cases.insert_many([_document(caso) for caso in CASI])
    yield cases
    client.close()


def _row(caso: Caso) -> dict[str, Any]:
    return vars(caso) | {
        "team": list(caso.team),
        "condivisioni": [one.model_dump(mode="json") for one in caso.condivisioni],
    }


def _document(caso: Caso) -> dict[str, Any]:
    return {
        "_id": caso.id, "ente": caso.ente, "settore": caso.settore, "team": list(caso.team),
        "residente_id": caso.residente, "settore_riservato": caso.riservata,
        "condivisioni": [
            one.model_dump() | {"stato": "accettata", "sezioni": list(one.sezioni)} for one in caso.condivisioni
        ],
    }  # fmt: skip


def _expected(mandato: Mandato, scope: str, *, rows: bool = False) -> set[UUID]:
    return {caso.id for caso in CASI if may(mandato, scope, caso, rows=rows)}


@settings(max_examples=300, deadline=None)
@given(MANDATES, st.sampled_from(SCOPES))
def test_postgres_reaches_the_cases_the_mandate_means(
    postgres: Connection, mandato: Mandato, scope: str
) -> None:
    condition = reach.sql_filter(
        mandato, scope, ente=C.ente, settore=C.settore, team=C.team, residente=C.residente, riservata=C.riservata,
        condivisioni=C.condivisioni,
    )  # fmt: skip

    assert set(postgres.execute(select(C.id).where(condition)).scalars()) == _expected(mandato, scope)


@settings(max_examples=150, deadline=None)
@given(MANDATES)
def test_postgres_keeps_back_what_a_grant_hides_of_the_past(postgres: Connection, mandato: Mandato) -> None:
    condition = reach.sql_filter(
        mandato, "documenti:leggi", ente=C.ente, settore=C.settore, team=C.team, residente=C.residente,
        riservata=C.riservata, condivisioni=C.condivisioni, creato=C.creato,
    )  # fmt: skip

    found = set(postgres.execute(select(C.id).where(condition)).scalars())
    assert found == _expected(mandato, "documenti:leggi", rows=True)


@settings(max_examples=150, deadline=None)
@given(MANDATES, st.sampled_from(SCOPES))
def test_mongo_reaches_the_cases_the_mandate_means(mongo: Any, mandato: Mandato, scope: str) -> None:
    found = {row["_id"] for row in mongo.find(reach.mongo_filter(mandato, scope), {"_id": 1})}

    assert found == _expected(mandato, scope)


@settings(max_examples=60, deadline=None)
@given(MANDATES, st.sampled_from(SCOPES))
def test_a_table_without_a_column_never_reaches_more(
    postgres: Connection, mandato: Mandato, scope: str
) -> None:
    """Grants and the second level are left out where the table does not know them; so is what needs them."""
    bare = reach.sql_filter(mandato.model_copy(update={"emergenza": None}), scope, ente=C.ente)
    by_ente = {caso.id for caso in CASI if caso.ente in mandato.enti(scope)}

    assert set(postgres.execute(select(C.id).where(bare)).scalars()) == by_ente
