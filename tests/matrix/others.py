"""Who asks without being an operator: citizens who enter with SPID, machine clients with a token.

Citizens come in through the test identity provider, page by page; clients are let in through the gateway's database (as
operators are) and then get their token by a signed assertion, as anybody's system does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import unescape
from typing import Any
from uuid import uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from tests.matrix import loader
from tests.matrix.campaign import Played
from tests.matrix.loader import Seat
from tests.matrix.oracle import Incarico, Viewer
from tests.system import Person as SignedIn
from tests.system import System

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PURPOSE = "Prova della matrice dei diritti"
WIDE = ("presa_in_carico:leggi", "diario:leggi", "isee:leggi", "documenti:leggi", "fogli:leggi", "liquidazioni:leggi",
        "anagrafe:leggi", "diario:scrivi", "documenti:scrivi", "avvisi:leggi", "report:leggi")  # fmt: skip
NARROW = ("presa_in_carico:leggi", "fogli:leggi", "fogli:scrivi", "liquidazioni:leggi")
TAKEN = "siuss:leggi"
"""What the policy will take from everybody."""


class Citizen(SignedIn):
    """A resident who has come in by SPID."""

    def __init__(self, base_url: str, codice_fiscale: str, nome: str, cognome: str) -> None:
        self.base_url = base_url
        self.http = httpx.Client(base_url=f"{base_url}/api/v1", timeout=30, headers={"Origin": base_url})
        door = self.http.get(f"{base_url}/accedi", params={"area": "cittadino"}).text
        [link, *_] = re.findall(r'href="(/spid/login\?[^"]*)"', door)
        self._follow(f"{base_url}{unescape(link)}", codice_fiscale, nome, cognome)
        self.session = self.http.get("/sessione").raise_for_status().json()
        self.http.headers["X-CSRF-Token"] = self.session["csrf_token"]
        self.id = self.session["operatore_id"]

    def _follow(self, url: str, codice_fiscale: str, nome: str, cognome: str) -> None:
        """Through the provider's two pages, and back."""
        typed = {"codice_fiscale": codice_fiscale, "nome": nome, "cognome": cognome}
        page = self.http.get(url)
        for more in ({}, typed, {}, {}):
            address, fields = _form(page)
            page = self.http.post(address, data=fields | more)
        assert page.status_code == 303, f"{page.status_code} {page.text[:300]}"


def _form(page: httpx.Response) -> tuple[str, dict[str, str]]:
    """Address and hidden fields of the page's form."""
    action = re.search(r'<form method="post" action="([^"]*)"', page.text)
    assert action is not None, f"{page.status_code} {page.text[:500]}"
    hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
    address = page.url.join(unescape(action[1]))
    return str(address), {name: unescape(value) for name, value in hidden}


class Machine(SignedIn):
    """A program with its token."""

    def __init__(self, base_url: str, client_id: str, token: str) -> None:
        self.base_url = base_url
        self.id = client_id
        self.token = token
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=f"{base_url}/api/v1", timeout=30, headers=headers)


@dataclass
class Others:
    """`citizens`: seat by what he is; `residenti`: whose files are his own. `machines`: seat by what it is."""

    citizens: dict[str, Seat] = field(default_factory=dict)
    residenti: dict[str, str] = field(default_factory=dict)
    machines: dict[str, Seat] = field(default_factory=dict)


def admit(played: Played) -> Others:
    """One of each kind."""
    found = Others()
    for what, residente in _citizens(played).items():
        found.citizens[what] = _citizen(played, residente)
        found.residenti[what] = residente
    near, far = played.cast.enti[0], played.cast.enti[1]
    wide = dict.fromkeys((*WIDE, TAKEN), "ambito")
    found.machines = {
        "of the ambito": _machine(played, near, "", wide),
        "of a settore": _machine(played, near, "minori", dict.fromkeys(NARROW, "settore")),
        "of another ente": _machine(played, far, "adulti", dict.fromkeys(WIDE, "ente")),
        "with a narrower token": _machine(played, near, "minori", wide, "fogli:leggi presa_in_carico:leggi"),
        "of what nobody has": _machine(played, near, "", {"scuola:approva": "ente", "diario:leggi": "ente"}),
    }
    return found


def _citizens(played: Played) -> dict[str, str]:
    """Residents by what they are: with a case, without, a relative of who has one, one who works here."""
    world = played.world
    of_cases = {case.residente for case in world.cases}
    relatives = {one for person in of_cases for one in world.nuclei[person]} - of_cases
    workers = set(world.codici.values())
    others = sorted(set(world.ids.values()) - of_cases - relatives - workers)
    busiest = max(world.cases, key=lambda case: len(case.grants) + len(case.items))
    chosen = {"with a case": busiest.residente, "without a case": others[0]}
    marked = next((case.residente for case in world.cases if case.riservato), None)
    for what, residente in (
        ("of a marked case", marked),
        ("relative of somebody with a case", min(relatives, default=None)),
        ("operator too", min(workers, default=None)),
    ):
        if residente is not None and residente not in chosen.values():
            chosen[what] = residente
    return chosen


def _citizen(played: Played, residente: str) -> Seat:
    key = next(key for key, found in played.world.ids.items() if found == residente)
    person = next(one for one in played.cast.people if one.key == key)
    system = played.history.system
    signed = Citizen(system.base_url, person.codice_fiscale, person.nome, person.cognome)
    viewer = Viewer(signed.id, Incarico(signed.id, "cittadino", "", ""))
    return Seat(system, played.world, viewer, f"citizen {person.key}", signed)


def _machine(
    played: Played, ente: str, settore: str, estensioni: dict[str, str], asked: str = ""
) -> Seat:  # fmt: skip
    """`asked`: the scopes its token is narrowed to."""
    system = played.history.system
    machine = let_in(system, ente, settore, estensioni, asked)
    granted = {scope: e for scope, e in estensioni.items() if not asked or scope in asked.split()}
    viewer = Viewer(machine.id, Incarico(machine.id, "client", ente, settore), estensioni=granted)
    return Seat(system, played.world, viewer, f"machine {settore or ente}", machine)


def let_in(system: System, ente: str, settore: str, estensioni: dict[str, str], asked: str = "") -> Machine:
    """Proposed by one, approved by another; with its token."""
    key, client_id = Ed25519PrivateKey.generate(), str(uuid4())
    jwk = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "uno"}
    with loader.gateway_database(system) as db:
        one, other = (row[0] for row in db.execute("SELECT id FROM operatori ORDER BY id LIMIT 2").fetchall())
        db.execute(
            "INSERT INTO clienti (id, nome, ente, settore, finalita, estensioni, proposto_da, approvato_da,"
            " approvato_il) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, now())",
            (
                client_id,
                f"Programma {client_id[:8]}",
                ente,
                settore,
                PURPOSE,
                json.dumps(estensioni),
                one,
                other,
            ),
        )
        db.execute(
            "INSERT INTO clienti_chiavi (client_id, kid, jwk, alg, proposta_da, approvata_da, approvata_il)"
            " VALUES (%s, 'uno', %s, 'EdDSA', %s, %s, now())",
            (client_id, json.dumps(jwk), one, other),
        )
    return Machine(system.base_url, client_id, token_of(system, client_id, key, asked))


def token_of(system: System, client_id: str, key: Any, scope: str = "") -> str:
    url, now = f"{system.base_url}/api/v1/oauth/token", int(datetime.now(UTC).timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": url,
        "iat": now,
        "exp": now + 120,
        "jti": str(uuid4()),
    }
    signed = jwt.encode(claims, key, "EdDSA", {"kid": "uno"})
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": signed,
    }
    reply = httpx.post(url, data=form | ({"scope": scope} if scope else {}))
    assert reply.status_code == 200, reply.text
    return str(reply.json()["access_token"])


def end(played: Played, seat: Seat, how: str) -> None:
    """A machine client is no more: `revocato_il` or `scade_il`, now."""
    with loader.gateway_database(played.history.system) as db:
        db.execute(f"UPDATE clienti SET {how} = now() WHERE id = %s", (seat.id,))


@contextmanager
def taken_from_everybody(played: Played, scope: str) -> Iterator[None]:
    """For a while no role of the policy in force has this scope."""
    system, before = played.history.system, played.world.policy
    without = {ruolo: {s: e for s, e in own.items() if s != scope} for ruolo, own in before.items()}
    cast = replace(played.cast, ruoli={})
    played.world.policy = loader.approve_policy(system, cast, without)
    yield
    played.world.policy = loader.approve_policy(system, cast, before)
