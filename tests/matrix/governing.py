"""Who works here, by what rules, who read what, files by ente: these routes asked of everybody, held against the words
of the rule. A thing of another ente answers like nobody's; who may not write changes nothing.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from tests.matrix import changes, driver, families, loader, outside, probing
from tests.matrix.asking import Asking, Found, tell
from tests.matrix.campaign import Played
from tests.matrix.doors import Door
from tests.matrix.kept import Facts, opens, read_facts, sees, state, whole_enti

NAMES = {"operatori": "operatore_id", "incarichi": "incarico_id", "clienti": "client_id", "deleghe": "delega_id",
         "emergenze": "emergenza_id", "anomalie": "anomalia_id", "termini": "termini_id", "vincoli": "vincolo_id",
         "caricamenti": "caricamento_id", "flussi": "flusso_id"}  # fmt: skip
"""How an address names a thing of each kind."""
KINDS = {name: kind for kind, name in NAMES.items()}
OF_A_WORLD = re.compile(r"\d")
"""A name that stands nowhere else: those of the demo city are words."""
REASON = {"motivo": "provo soltanto"}
KEY = {"chiave": json.dumps({"kty": "OKP", "crv": "Ed25519", "kid": "altra",
                             "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})}  # fmt: skip
OPERATOR = {"codice_fiscale": "RSSMRA85T10A562S", "cognome": "Rossi", "nome": "Mario", "email": "m@comune.example",
            "ruolo": "dirigente", "dal": "2026-01-01", "atto": "Determina 1/2026", "conferma_nome": True}  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {
    "/incarichi": {"ruolo": "dirigente", "dal": "2026-01-01", "atto": "Determina 1/2026"},
    "/approvazione": {"chiavi": ["uno"]}, "/chiavi": KEY, "/chiusura": REASON, "/fine": REASON,
    "/revisione": {"esito": "giustificata", "nota": "provo soltanto"},
    "/vincoli": {"tipo": "indirizzo_protetto", "dal": "2026-01-01", "atto": "Atto 1", "motivo": "provo"},
    "/protezione": {"tipo": "indirizzo_protetto", "dal": "2026-01-01", "atto": "Atto 1", "motivo": "provo"},
    "/decisione": {"approva": True, "motivo": "provo", "revisione": 1},
}  # fmt: skip
"""A body that would do, by the end of the address; `REVOKES` for every revoca."""
REVOKES = REASON | {"version": 1}


def prepare(played: Played) -> None:
    """Something of each kind, in more than one ente."""
    cast, history = played.cast, played.history
    with loader.gateway_database(history.system) as db:
        for ente in cast.enti[:2]:
            who = next(worker for worker in cast.workers if worker.ente == ente)
            db.execute(
                "INSERT INTO accessi_anomali (id, regola, chiave, ente, operatore_id, ruolo, settore, dal, al, righe,"
                " conteggio, spiegazione)"
                " VALUES (%s, 'molti_casi', %s, %s, %s, %s, %s, now(), now(), '[]', 9, 'Tanti')",
                (str(uuid4()), str(uuid4()), ente, who.id, who.ruolo, who.settore),
            )
            db.execute(
                "INSERT INTO registro_termini (id, ente, mesi, mostra_nomi, mostra_motivi, settori_protetti, motivo,"
                " proposti_da) VALUES (gen_random_uuid(), %s, 24, true, true, '{minori}', 'Come prima', %s)",
                (ente, who.id),
            )
    taken = {case.residente for case in played.world.cases} | {*played.world.codici.values()}
    for ente in cast.enti[:2]:
        seat = history.coordinator(ente, "minori")
        person = next(played.world.ids[one.key] for one in cast.of(ente)
                      if played.world.ids[one.key] not in taken | seat.viewer.esclusi)  # fmt: skip
        history.post(seat, f"/residenti/{person}/vincoli", **BODIES["/vincoli"], idempotency_key=str(uuid4()))
    absent, present = (history.coordinator(cast.enti[0], one) for one in cast.settori(cast.enti[0]))
    worker = next(one for one in cast.workers if one.id == absent.id)
    day = datetime.now(ZoneInfo("Europe/Rome")).date() + timedelta(days=20)
    history.post(absent, "/deleghe", incarico_id=str(worker.incarico_id), delegato_id=present.id, motivo="Ferie",
                 dal=day.isoformat(), al=(day + timedelta(days=3)).isoformat())  # fmt: skip
    with changes.broken_glass(played, changes.glass_case(played)):
        pass


def run(played: Played, people: list[Any]) -> tuple[Found, dict[str, str]]:
    """Everybody (seats) at every such door; what was changed by it, by table."""
    system = played.history.system
    facts, before = read_facts(system), state(system)
    askings = []
    for seat in people:
        asking = Asking(played.world, seat)
        jobs = [partial(lists, facts=facts), partial(each, facts=facts, ids=outside.real_ids(played))]
        askings.append((asking, jobs))
    found, after = driver.run_all(askings), state(system)
    return found, {table: "changed" for table in before if before[table] != after[table]}


LISTS = (
    ("/operatori", "incarichi", "incarico_id", "operatori:leggi", "incarichi"),
    (
        "/operatori/registro?vista=tutti&limite=200",
        "operatori",
        "operatore_id",
        "operatori:leggi",
        "operatori",
    ),
    ("/clienti", "clienti", "id", "operatori:leggi", "clienti"),
    ("/deleghe", "deleghe", "id", "", "deleghe"),
    ("/emergenze", "emergenze", "id", "emergenze:leggi", "emergenze"),
    ("/registro-accessi/anomalie?limite=200", "", "id", "registro_accessi:leggi", "anomalie"),
    ("/vincoli?limite=500&solo_in_vigore=false", "vincoli", "id", "riservatezza:leggi", "vincoli"),
    ("/caricamenti?limite=500", "caricamenti", "id", "caricamenti:leggi", "caricamenti"),
    ("/siuss/flussi", "flussi", "id", "siuss:leggi", "flussi"),
)
"""Address, where the rows are in the answer, their id, scope, kind."""


def lists(asking: Asking, facts: Facts) -> None:
    """The rows are exactly those he may know of."""
    world, viewer = asking.world, asking.viewer
    for path, key, id_name, scope, kind in LISTS:
        door = Door("GET", f"/api/v1{path.partition('?')[0]}", "", (scope,) if scope else ())
        if not opens(world, viewer, door):
            continue
        reply = asking.get(f"/api/v1{path}")
        if reply.status_code != 200:
            asking.wrong(f"GET {path}", f"{reply.status_code} {reply.text[:200]}")
            continue
        rows = reply.json()[key] if key else reply.json()
        seen = {row[id_name] for row in rows}
        if kind == "anomalie" and seen - {thing.id for thing in facts.things[kind]}:
            facts = read_facts(asking.seat.system)  # more were found meanwhile
        expected = {thing.id for thing in facts.things[kind] if sees(world, viewer, kind, thing)}
        asking.same(f"GET {path}", seen, expected)
        if kind == "operatori":
            enti = {place["ente"] for row in rows for place in row["incarichi"]}
            asking.same(f"GET {path}: enti", enti - whole_enti(world, viewer, scope), set())
    _nomine(asking)
    _log(asking)


def _nomine(asking: Asking) -> None:
    if asking.world.holds(asking.viewer, "operatori:leggi"):
        rows = asking.get("/api/v1/operatori/nomine?limite=200").json()["nomine"]
        foreign = {row["ente"] for row in rows} - whole_enti(asking.world, asking.viewer, "operatori:leggi")
        asking.same("GET /operatori/nomine: enti", foreign, set())


def _log(asking: Asking) -> None:
    """Rows of the log: of his ente, none about his household, and of a moment gone by all of them."""
    mine = asking.viewer.incarico.ente
    if not whole_enti(asking.world, asking.viewer, "registro_accessi:leggi"):
        return
    [(moment,)] = asking.seat.system.query("gateway", "SELECT (now() - interval '20 seconds')::text")
    sure = (
        [*asking.viewer.esclusi],
        [c.id for c in asking.world.cases if c.residente in asking.viewer.esclusi],
    )
    expected = asking.seat.system.query(
        "gateway",
        "SELECT catena::text, seq FROM accessi WHERE ente = %s AND (residente_id <> ALL(%s::uuid[])) IS NOT FALSE"
        " AND (cartella_id <> ALL(%s::uuid[])) IS NOT FALSE AND quando < %s"
        " ORDER BY quando DESC, catena DESC, seq DESC LIMIT 500",
        (mine, *sure, moment),
    )
    reply = asking.get("/api/v1/registro-accessi", limite=500, al=moment.replace(" ", "T") + ":00")
    rows = [(row["catena"], row["seq"]) for row in reply.json()["accessi"]]
    known = set(map(tuple, expected))
    asking.same("GET /registro-accessi: rows", set(rows) ^ known, set())


def each(asking: Asking, facts: Facts, ids: dict[str, str]) -> None:
    """Every door: shut to who has not its scope; things beyond his reach like nobody's."""
    for door in families.KEPT:
        if not opens(asking.world, asking.viewer, door):
            _shut(asking, door, ids)
        elif named := [name for name in KINDS if f"{{{name}}}" in door.path]:
            _by_id(asking, door, facts, named[-1], ids)
        elif door.method == "GET":
            _plain(asking, door, facts, ids)


def _shut(asking: Asking, door: Door, ids: dict[str, str]) -> None:
    status = 303 if door.page and not asking.pages else 403
    for named in (outside.fill(door, ids), outside.fill(door, {})) if "{" in door.path else ({},):
        reply = asking.ask(_with_body(door, asking.viewer.incarico.ente), named)
        asking.same(str(door), reply.status_code, status)


def _plain(asking: Asking, door: Door, facts: Facts, ids: dict[str, str]) -> None:
    """Open, and about nobody of an ente that is not his to look at."""
    if "{residente_id}" in door.path:
        return  # persons: reading.registry and the probes
    period: dict[str, Any] = (
        {"dal": "2026-01-01T00:00:00Z", "al": "2027-01-01T00:00:00Z"}
        if door.path.endswith("/conteggi")
        else {}
    )
    reply = asking.ask(door, outside.fill(door, ids), **period)
    if reply.status_code not in (200, 404):
        asking.wrong(str(door), f"{reply.status_code} {reply.text[:200]}")
    if door.subject in ("operatori", "clienti"):
        seen = whole_enti(asking.world, asking.viewer, "operatori:leggi") | {asking.viewer.incarico.ente}
        mine = set().union(*(facts.said.get(ente, set()) for ente in seen))
        others = set().union(*(words for ente, words in facts.said.items() if ente not in seen)) - mine
        if told := [word for word in others if OF_A_WORLD.search(word) and word in reply.text]:
            asking.wrong(str(door), f"tells of {told[:3]}")


def _by_id(asking: Asking, door: Door, facts: Facts, name: str, ids: dict[str, str]) -> None:
    kind = KINDS[name]
    seen = [thing for thing in facts.things[kind] if sees(asking.world, asking.viewer, kind, thing)]
    closed = [thing for thing in facts.things[kind] if thing not in seen]
    if kind == "incarichi":
        closed = [
            one
            for one in closed
            if not one.enti & whole_enti(asking.world, asking.viewer, "operatori:scrivi")
        ]
    if door.method == "GET" and seen and not door.path.endswith(("/fine", "/xml", ".xml")):
        reply = asking.ask(door, outside.fill(door, ids | {name: seen[0].id}))
        asking.same(f"{door} {seen[0].id}", reply.status_code, 200)
    for thing in closed[:2]:
        told = []
        for one in (thing.id, str(uuid4())):
            named = outside.fill(door, ids | {name: one})
            reply = asking.ask(_with_body(door, asking.viewer.incarico.ente), named)
            if reply.status_code not in (403, 404):
                asking.wrong(
                    f"{door} {kind} {one} of {sorted(thing.enti)}", f"{reply.status_code} {reply.text[:200]}"
                )
            told.append(tell(reply, named))
        if told[0] != told[1]:
            asking.wrong(f"probe {door} {thing}", probing.difference(str(told[0]), str(told[1])))


def _with_body(door: Door, ente: str) -> Door:
    """With a body that would do, were the door open."""
    if door.method != "POST":
        return door
    body = next((body for end, body in BODIES.items() if door.path.endswith(end)), None)
    if body is None:
        body = REVOKES if door.path.endswith("/revoca") else OPERATOR if "/operatori" in door.path else {}
    place = {"ente": ente} if door.subject == "operatori" else {}
    return Door(door.method, door.path, door.subject, door.scopes, "", body | place)
