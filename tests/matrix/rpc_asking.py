"""Questions straight to the services, under mandates genuinely signed: also such as the gateway never puts together."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from uuid import UUID, uuid4

import aio_pika
from tests.matrix.oracle import Case, Grant, Viewer, World
from tests.system import Json, System

from contracts.mandato import Emergenza, Mandato
from contracts.rpc import RPC

SERVICES = tuple(RPC)
SECONDS = 60
AT_ONCE = 40
"""Questions on their way at the same time."""
EXTENTS = ("nessuno", "propri", "settore", "ente", "ambito", "provincia")
SECOND_LEVEL = "secondo_livello:leggi"


@dataclass(frozen=True)
class Question:
    """`method`: `service.method`."""

    method: str
    request: Json


class Line:
    """One connection to the broker, with a queue of its own for the replies."""

    def __init__(self, amqp_url: str) -> None:
        self._url = amqp_url
        self._loop = asyncio.new_event_loop()
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._run(self._open())

    def ask(self, questions: Sequence[Question], token: str) -> list[Json]:
        """The raw replies `{"result", "error"}`, in the order asked."""
        return list(self._run(self._ask(questions, token)))

    def close(self) -> None:
        self._run(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self) -> None:
        self._connection = await aio_pika.connect(self._url)
        channel = await self._connection.channel(on_return_raises=True)
        self._exchange = await channel.get_exchange("nameko-rpc", ensure=False)
        self._queue = await channel.declare_queue(
            f"rpc.reply-matrice-{uuid4()}", exclusive=True, auto_delete=True
        )
        await self._queue.bind(self._exchange, self._queue.name)
        await self._queue.consume(self._hear, no_ack=True)

    async def _hear(self, message: Any) -> None:
        waiting = self._waiting.pop(str(message.correlation_id), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(json.loads(message.body))

    async def _ask(self, questions: Sequence[Question], token: str) -> list[Json]:
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(question: Question) -> Json:
            async with turn, asyncio.timeout(SECONDS):
                return await self._one(question, token)

        return await asyncio.gather(*map(one, questions))

    async def _one(self, question: Question, token: str) -> Json:
        number = str(uuid4())
        reply = self._waiting[number] = self._loop.create_future()
        body = json.dumps({"args": [], "kwargs": {"request": question.request}}).encode()
        message = aio_pika.Message(
            body, content_type="application/json", content_encoding="utf-8", reply_to=self._queue.name,
            correlation_id=number, headers={"nameko.mandato": token},
        )  # fmt: skip
        await self._exchange.publish(message, routing_key=question.method)
        return await reply


@contextmanager
def line_to(system: System) -> Iterator[Line]:
    line = Line(system.bus.amqp_url)
    try:
        yield line
    finally:
        line.close()


@dataclass
class Caller:
    """Somebody with a mandate: as the oracle knows him (`world` holds what his role may), and what he has found."""

    system: System
    line: Line
    world: World
    viewer: Viewer
    name: str
    motivo: str = "Matrice"
    cases: list[Case] = field(default_factory=list)
    """Those that he asks for one by one."""
    asked: int = 0
    wrong: list[str] = field(default_factory=list)

    def ask(self, questions: Sequence[Question]) -> list[Json]:
        self.asked += len(questions)
        return self.line.ask(questions, self.token())

    def call(self, method: str, **request: Any) -> Json:
        return self.ask([Question(method, request)])[0]

    def token(self) -> str:
        """All the role holds in one mandate, for every service."""
        return self.system.bus.token(mandate_of(self.world, self.viewer, self.motivo), *SERVICES)

    def differs(self, what: str, seen: Any, expected: Any) -> None:
        if seen != expected:
            self.wrong.append(f"{self.name}: {what}: the service says {seen}, the oracle {expected}")


def mandate_of(world: World, viewer: Viewer, motivo: str) -> Mandato:
    """What the role of this world holds, all at once."""
    mine = viewer.incarico
    broken = viewer.emergenza and Emergenza(
        residente_id=UUID(viewer.emergenza), scopi=tuple(world.policy.get("emergenza", {}))
    )
    values = {
        "operatore_id": viewer.operatore, "incarico_id": str(UUID(int=9)), "ruolo": mine.ruolo, "ente": mine.ente,
        "settore": mine.settore, "estensioni": world.policy.get(mine.ruolo, {}), "motivo": motivo,
        "enti_ambito": territory(world.ambiti, mine.ente), "enti_provincia": territory(world.province, mine.ente),
        "esclusi": sorted(viewer.esclusi), "in_delega_di": viewer.delegante, "emergenza": broken or None,
    }  # fmt: skip
    if motivo:
        values["motivo_per"] = [case.id for case in world.cases]
    return Mandato.model_validate(values)


def territory(groups: dict[str, tuple[str, ...]], ente: str) -> tuple[str, ...]:
    return next((enti for enti in groups.values() if ente in enti), ())


def with_rules(world: World, viewer: Viewer, rules: dict[str, str]) -> tuple[World, Viewer]:
    """The same person in a role that nobody wrote into the policy."""
    role = "mandato"
    return (
        replace(world, policy=world.policy | {role: rules}),
        replace(viewer, incarico=replace(viewer.incarico, ruolo=role)),
    )


def drawn(random: Random, scopes: Sequence[str]) -> dict[str, str]:
    """Any extents together, whether or not a role of any policy has them."""
    found = {scope: random.choices(EXTENTS, (2, 3, 3, 3, 2, 1))[0] for scope in scopes}
    return {scope: extent for scope, extent in found.items() if extent != "nessuno"}


def code(reply: Json) -> str:
    """The service's word for why not; "" for an answer."""
    error = reply["error"]
    if error is None:
        return ""
    return f"{error['exc_type']} {error['exc_args'][0] if error['exc_args'] else ''}"


def hidden_words(world: World, viewer: Viewer, case: Case, moment: Any) -> set[str]:
    """Whatever of a case would be a trace of what does not exist for this viewer."""
    found: set[str] = set()
    if not world.knows(viewer, case, moment):
        offers = [grant for grant in case.grants if answers_for(world, viewer, grant)]
        lent = any(grant.in_force(moment) for grant in offers)
        found |= set() if lent else {case.id} if offers else {case.id, case.numero}
    for item in case.items:
        if not world.knows_item(viewer, case, item, moment):
            found |= {item.parola} if item.autore == viewer.operatore else {item.id, item.parola}
    return found - {""}


def answers_for(world: World, viewer: Viewer, grant: Grant) -> bool:
    """Whether an offer is told him: whose case it is, and while it holds where it lies."""
    return grant.is_for(viewer) or world.answers(viewer, "condivisioni:leggi", grant)
