"""What the chassis promises, seen from outside: real processes, real broker, real database, kill -9."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import date
from uuid import UUID, uuid4

import psycopg
import pytest

from chassis import dead
from chassis.outbox import envelope_of
from contracts.cartella import Area, CartellaApertaV1, StatoCartella
from contracts.events import Envelope
from sisolocal.waiting import eventually

from .conftest import Process, Toy

Start = Callable[[str], Process]
APERTA = {"source": CartellaApertaV1.source, "key": CartellaApertaV1.key}


def opened(numero: str, cartella_id: UUID | None = None) -> Envelope:
    event = CartellaApertaV1(
        cartella_id=cartella_id or uuid4(),
        numero=numero,
        residente_id=uuid4(),
        ente="F704",
        settore="minori",
        area=Area.ANZIANI,
        stato=StatoCartella.APERTA,
        comune_residenza="F704",
        sesso="F",
        data=date(2026, 11, 23),
    )
    return envelope_of(event, 1)


@pytest.fixture(autouse=True)
def empty_queues(toy: Toy) -> Iterator[None]:
    """The virtual host is shared by the run: nothing of another test may be waiting."""
    asyncio.run(_purge(toy.bus.amqp_url))
    return


async def _purge(amqp_url: str) -> None:
    import aio_pika

    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        for name in ("report.on_cartella_aperta_v1", "report.dead", "report.retry.1s", "report.retry.10s"):
            await (await channel.get_queue(name)).purge()


def test_rpc_answers_and_its_event_waits_in_the_outbox(toy: Toy, start: Start) -> None:
    start("rpc")

    (reply,) = toy.call({"testo": "ciao"})

    assert reply["error"] is None
    assert reply["result"]["righe"] == 1
    ((kind, subject, correlation),) = toy.rows("SELECT type, subject, envelope->>'correlationid' FROM outbox")
    assert (kind, subject, correlation) == ("report.report.generato.v1", reply["result"]["id"], "prova-1")


def test_refusal_keeps_nothing_and_tells_the_caller_why(toy: Toy, start: Start) -> None:
    start("rpc")

    rolled_back, missing, wrong_shape, broken = toy.call(
        {"testo": "annulla"}, {"testo": "assente"}, {"testo": 7}, {"testo": "guasto"}
    )

    assert rolled_back["error"]["exc_args"][0] == "nota.annullata"
    assert missing["error"]["exc_type"] == "NotFound"
    assert wrong_shape["error"]["exc_args"][2] == {"testo": "Qui va un testo."}
    assert broken["error"]["exc_type"] == "RuntimeError"
    assert toy.rows("SELECT * FROM note") == []
    assert toy.rows("SELECT * FROM outbox") == []


@pytest.mark.parametrize("token", ["", "not.a.token", "other-audience"])
def test_without_a_mandate_for_this_service_nothing_is_done(toy: Toy, start: Start, token: str) -> None:
    start("rpc")

    (reply,) = toy.call(
        {"testo": "ciao"}, token=toy.token("cartella") if token == "other-audience" else token or " "
    )

    assert reply["error"]["exc_args"][0] == "mandato.non_valido"
    assert toy.rows("SELECT * FROM note") == []


def test_a_service_knows_the_notaios_key_for_what_the_system_reads_alone(toy: Toy, start: Start) -> None:
    start("rpc")

    tokens = (toy.notaio_token(), toy.notaio_token(tipo="operatore"))
    known, person = (toy.call({"testo": "ciao"}, token=token)[0] for token in tokens)

    assert known["error"] is None
    assert person["error"]["exc_args"][0] == "mandato.non_valido"


def test_same_event_twice_has_one_effect(toy: Toy, start: Start) -> None:
    start("events")
    event = opened("bene")

    toy.bus.publish(event, event, opened("altra"))

    eventually(lambda: len(toy.rows("SELECT * FROM note")) == 2)
    assert sorted(toy.rows("SELECT testo FROM note")) == [("altra",), ("bene",)]
    assert len(toy.rows("SELECT * FROM inbox")) == 2


def test_event_that_fails_once_succeeds_from_the_ladder(toy: Toy, start: Start) -> None:
    start("events")

    toy.bus.publish(opened("una"))

    eventually(lambda: toy.rows("SELECT count(*) FROM note") == [(1,)])
    assert toy.rows("SELECT count(*) FROM tentativi") == [(2,)]


def test_undecodable_and_malformed_events_wait_for_a_person(toy: Toy, start: Start) -> None:
    start("events")

    toy.bus.publish_raw(b"{broken", b'{"not": "an envelope"}', **APERTA)
    toy.bus.publish(opened("bene"))

    eventually(lambda: len(asyncio.run(dead.list_dead(toy.bus.amqp_url, "report"))) == 2)
    assert toy.rows("SELECT testo FROM note") == [("bene",)]


def test_dead_event_requeued_is_handled(toy: Toy, start: Start) -> None:
    events = start("events")
    toy.bus.publish_raw(b'{"not": "an envelope"}', **APERTA)
    eventually(lambda: len(asyncio.run(dead.list_dead(toy.bus.amqp_url, "report"))) == 1)

    back = asyncio.run(dead.requeue(toy.bus.amqp_url, "report"))

    assert back == 1
    eventually(
        lambda: len(asyncio.run(dead.list_dead(toy.bus.amqp_url, "report"))) == 1
    )  # refused again, not lost
    assert asyncio.run(dead.drop(toy.bus.amqp_url, "report", "")) == 1
    assert asyncio.run(dead.list_dead(toy.bus.amqp_url, "report")) == []
    assert events.status("/health/live") == 200


def test_timer_runs_in_the_events_role_only(toy: Toy, start: Start) -> None:
    start("rpc")
    toy.call({"testo": "ciao"})
    assert toy.rows("SELECT n FROM battiti") == [(0,)]

    start("events")

    eventually(lambda: toy.rows("SELECT n FROM battiti")[0][0] > 1)


def test_slow_rpc_never_waits_for_events(toy: Toy, start: Start) -> None:
    rpc, events = start("rpc"), start("events")

    assert (rpc.stop(), events.stop()) == (0, 0)  # SIGTERM ends both roles in order


def test_nothing_is_lost_or_doubled_through_kills_of_relay_and_consumer(toy: Toy, start: Start) -> None:
    """Outbox → relay → broker → inbox with both ends killed -9 in the middle."""
    total = 1500
    consumer, relay = start("events"), start("relay")
    facts = [opened("bene") for _ in range(total)]
    with psycopg.connect(toy.database, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO outbox (id, type, subject, sequence, envelope)"
            " SELECT (e->>'id')::uuid, e->>'type', e->>'subject', 1, e FROM (SELECT %s::jsonb AS e) AS one",
            [(fact.model_dump_json(),) for fact in facts[:10]],
        )
    toy.bus.publish(*facts[:300])
    for _round in range(3):
        relay.kill()
        consumer.kill()
        relay, consumer = start("relay"), start("events")
        toy.bus.publish(*facts[300 + 400 * _round : 700 + 400 * _round])

    eventually(lambda: toy.rows("SELECT count(*) FROM note") == [(total,)], 60)
    assert toy.rows("SELECT count(*), count(DISTINCT event_id) FROM inbox") == [(total, total)]
    assert asyncio.run(dead.list_dead(toy.bus.amqp_url, "report")) == []


def test_relay_publishes_each_row_in_the_order_of_its_aggregate(toy: Toy, start: Start) -> None:
    start("rpc")
    replies = toy.call(*({"testo": "ciao"} for _ in range(50)))
    assert all(reply["error"] is None for reply in replies)

    start("relay")

    eventually(lambda: toy.rows("SELECT count(*) FROM outbox WHERE published_at IS NULL") == [(0,)])
    assert toy.rows("SELECT count(*) FROM outbox") == [(50,)]  # kept until reconciliation has counted them
