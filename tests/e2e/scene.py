"""What the privacy tests look for: cases in Monza and Brugherio, with private things and everything else in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from kombu import Connection, Exchange, Queue
from tests.system import Json, Person, System, eventually

SignIn = Callable[[str], Person]
EXCHANGES = ("anagrafe", "cartella", "documenti", "erogazioni", "notifiche", "report", "gateway")
ISEE = {
    "tipo": "ordinario", "protocollo_dsu": "INPS-ISEE-2026-00000000A-00", "data_presentazione": "2026-01-15",
    "ise": "9840.00", "scala": "2.46", "isee": "4000.00",
}  # fmt: skip
COLLEAGUES = ("marco.verdi", "anna.ferrari")
RECTIFIED = {"tipo": "colloquio", "quando": "2026-11-23T11:00:00Z"}


@dataclass
class Caso:
    """A case and what lies in it, by id. `words` are texts that stand nowhere else in the world."""

    id: str
    numero: str
    residente: Json
    ids: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def markers(self) -> set[str]:
        """Whatever of this case would be a trace of it in an answer."""
        return {self.id, self.numero, *self.ids.values(), *self.words.values()}


@dataclass
class Scene:
    """`monza`: giulia's, with marco in the team; `riservato`: what of it giulia keeps for herself; `brugherio`: sara's;
    `adulti`: one that giulia opened and that has passed to another settore. `before`, `after`: what each colleague saw
    of `monza` before and after giulia added what she keeps for herself."""

    monza: Caso
    riservato: Caso
    brugherio: Caso
    adulti: Caso
    before: dict[str, dict[str, str]]
    after: dict[str, dict[str, str]]
    events: list[Json]


def word(stem: str) -> str:
    return f"{stem}{uuid4().hex[:12]}"


def make_scene(system: System, sign_in: SignIn, fresh: Callable[..., Json]) -> Scene:
    giulia, marco, anna = sign_in("giulia.bianchi"), sign_in("marco.verdi"), sign_in("anna.ferrari")
    with Spy(system) as spy:
        monza = fill_case(giulia, fresh("F704"))
        team = [giulia.id, marco.id]
        version = giulia.get(f"/cartelle/{monza.id}")["version"]
        anna.post(f"/cartelle/{monza.id}/assegnazione", version=version, team=team, motivo="Équipe")
        grant(monza, anna, sign_in("paolo.neri"), sign_in("carla.russo"))
        brugherio = fill_case(sign_in("sara.costa"), fresh("B212"))
        for _ in range(5):
            sign_in("sara.costa").open_case(fresh("B212")["id"])
        adulti = hand_over(giulia, anna, fresh("F704"))
        settle(system, [monza.id, brugherio.id, adulti.id])
        before = {name: views(sign_in(name), monza) for name in COLLEAGUES}
        riservato = keep_private(giulia, monza)
        after = {name: views(sign_in(name), monza) for name in COLLEAGUES}
        events = spy.heard(until=adulti.id)
    return Scene(monza, riservato, brugherio, adulti, before, after, events)


def fill_case(worker: Person, resident: Json) -> Caso:
    """A case with a diary entry, an ISEE, a document, a print and a proposed foglio."""
    opened = worker.open_case(resident["id"])
    caso = Caso(opened["id"], opened["numero"], resident)
    url = f"/cartelle/{caso.id}"
    caso.words = {name: word(name) for name in ("girasole", "motivazione", "allegato")}
    caso.ids["voce"] = worker.write(opened, f"Colloquio {caso.words['girasole']}")["id"]
    dsu = f"INPS-ISEE-2026-{uuid4().int % 10**8:08d}A-00"
    isee = worker.post(f"{url}/isee", **(ISEE | {"protocollo_dsu": dsu}))
    caso.ids["isee"], caso.words["dsu"] = isee["id"], dsu
    caso.ids["documento"] = eventually(lambda: uploaded(worker, caso.id, f"{caso.words['allegato']}.txt"))[
        "id"
    ]
    foglio = eventually(lambda: propose(worker, caso))
    caso.ids["foglio"] = foglio["id"]
    stampa = worker.post(f"{url}/stampe")
    caso.ids["stampa"] = stampa["id"]
    return caso


def uploaded(worker: Person, case_id: str, name: str, **headers: str) -> Json:
    """The document, once documenti has heard of the case."""
    reply = worker.upload(case_id, name, name.encode(), **headers)
    assert reply.status_code == 201, reply.text
    return dict(reply.json())


def propose(worker: Person, caso: Caso, **changes: Any) -> Json:
    """A foglio, once erogazioni has heard of the case."""
    items = worker.get("/catalogo", area="famiglia_minori")["voci"]
    voce = next(item for item in items if item["prestazione_inps"].startswith("A1.04"))
    body = {
        "voce_istat": voce["codice"], "carattere": "periodico", "importo": "350.00", "quota_ente": "350.00",
        "dal": "2026-01-01", "motivazione": f"Serve {caso.words.get('motivazione', '')}",
    }  # fmt: skip
    return worker.post(f"/cartelle/{caso.id}/fogli", **(body | changes))


def grant(caso: Caso, anna: Person, paolo: Person, carla: Person) -> None:
    """The foglio approved, a month of it paid."""
    foglio = f"/fogli/{caso.ids['foglio']}"
    anna.post(f"{foglio}/decisione", version=anna.get(foglio)["version"], approva=True)
    payment = paolo.post(f"{foglio}/erogazioni", mese="2026-11")
    carla.post(f"/erogazioni/{payment['id']}/liquidazione", version=payment["version"])
    caso.ids["erogazione"] = payment["id"]


def hand_over(giulia: Person, anna: Person, resident: Json) -> Caso:
    """A case with a private entry of giulia's, passed to another settore: neither she nor anna works there."""
    opened = giulia.post(
        "/cartelle", residente_id=resident["id"], area="famiglia_minori", motivo="Prima richiesta"
    )
    caso = Caso(opened["id"], opened["numero"], resident, words={"mio": word("biancospino")})
    caso.ids["voce"] = giulia.write(opened, caso.words["mio"], private=True)["id"]
    away = {"settore": "adulti", "team": [], "motivo": "Maggiore età"}
    anna.post(f"/cartelle/{caso.id}/assegnazione", version=opened["version"], **away)
    return caso


def keep_private(giulia: Person, monza: Caso) -> Caso:
    """A private entry, rectified once, and a private document, in a case that others see."""
    words = {name: word(name) for name in ("usignolo", "allodola", "perizia", "civetta")}
    url = f"/cartelle/{monza.id}"
    entry = giulia.write({"id": monza.id}, f"Dubbio: {words['usignolo']}", private=True)
    changed = RECTIFIED | {
        "version": entry["version"],
        "testo": f"Dubbio: {words['allodola']}",
        "motivo": "refuso",
    }
    giulia.http.put(f"{url}/diario/{entry['id']}", json=changed).raise_for_status()
    name = f"{words['perizia']}.txt"
    sent = {"X-Privato": "true", "X-Descrizione": words["civetta"]}
    document = uploaded(giulia, monza.id, name, **sent)
    words["impronta"] = sha256(name.encode()).hexdigest()
    return Caso(
        monza.id, monza.numero, monza.residente, {"voce": entry["id"], "documento": document["id"]}, words
    )


def private_markers(scene: Scene) -> set[str]:
    return {*scene.riservato.ids.values(), *scene.riservato.words.values()}


def settle(system: System, cases: list[str]) -> None:
    """Waits until the events of these cases have arrived everywhere."""

    def arrived() -> bool:
        waiting = sum(
            system.query(service, "SELECT count(*) FROM outbox WHERE published_at IS NULL")[0][0]
            for service in ("documenti", "erogazioni", "notifiche")
        )
        known = system.query("documenti", "SELECT cartella_id::text FROM cartelle_note")
        return not waiting and set(cases) <= {row[0] for row in known}

    eventually(arrived)


VIEWS = ("", "/diario", "/documenti", "/isee", "/stampe")


def views(person: Person, caso: Caso) -> dict[str, str]:
    """The case through every list of the API, as text."""
    seen = {path: person.http.get(f"/cartelle/{caso.id}{path}").text for path in VIEWS}
    for path in ("/cartelle", "/fogli", "/erogazioni", "/avvisi"):
        seen[path] = person.http.get(path, params={"limite": 500}).text
    return seen


class Spy:
    """Listens to every event of the house while the block runs."""

    def __init__(self, system: System) -> None:
        self.connection = Connection(system.supervisor.infra.rabbitmq.admin_url)
        self.events: list[Json] = []

    def __enter__(self) -> Spy:
        channel = self.connection.channel()
        self.queue = Queue(word("spia."), exclusive=True, auto_delete=True, channel=channel)
        self.queue.declare()
        for name in EXCHANGES:
            self.queue.bind_to(Exchange(f"{name}.events", type="topic", passive=True), routing_key="#")
        return self

    def heard(self, until: str, seconds: float = 10) -> list[Json]:
        """Everything said so far, at least until something about `until`, and what comes within a moment after."""

        def about() -> bool:
            while message := self.queue.get(no_ack=True):
                self.events.append({"headers": message.headers, "body": message.body})
            return any(until in str(event["body"]) for event in self.events)

        eventually(about, seconds)
        return self.events

    def __exit__(self, *_: object) -> None:
        self.connection.release()
