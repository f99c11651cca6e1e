"""An incarico begins and ends on the day of the office, whatever the clock of the database says."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from starlette.testclient import TestClient

from gateway.seed.operatori import IDENTITIES
from gateway.settings import Settings
from gateway.testing import Browser

ADA, ZOE = IDENTITIES[0], IDENTITIES[1]
FAR = ("Pacific/Kiritimati", "Etc/GMT+12")
"""Fourteen hours ahead of Greenwich and twelve behind: in one of them at least it is not the day it is in Rome."""


@pytest.fixture(params=FAR)
def settings(own_settings: Settings, own_addresses: Any, request: pytest.FixtureRequest) -> Settings:
    with psycopg.connect(own_addresses.migrator, autocommit=True) as owner:
        database = Identifier(owner.info.dbname)
        owner.execute(SQL("ALTER DATABASE {} SET timezone = {}").format(database, request.param))
    return own_settings


def test_who_begins_today_enters_and_who_ended_yesterday_does_not(
    settings: Settings, client: TestClient
) -> None:
    today = datetime.now(ZoneInfo("Europe/Rome")).date()
    with psycopg.connect(settings.dsn) as connection:
        for who, dal, al in (
            (ADA, today, today),
            (ZOE, today - timedelta(days=9), today - timedelta(days=1)),
        ):
            connection.execute(
                "UPDATE incarichi SET dal = %s, al = %s WHERE operatore_id = %s", (dal, al, who.operatore_id)
            )

    assert Browser.sign_in(client, ADA.identita).get("/api/v1/sessione").status_code == 200
    with pytest.raises(AssertionError):
        Browser.sign_in(client, ZOE.identita)
