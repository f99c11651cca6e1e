"""Machine clients: two people let one in, a signature proves who it is, a short token says how far it reaches."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from fastapi import FastAPI
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from starlette.testclient import TestClient

from contracts.anagrafe import Ente, EntiOut
from contracts.errors import NotFound
from contracts.mandato import Extent
from gateway.routes.oauth import ASSERTION_TYPE, TOKEN_PATH
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices

Query = Callable[..., list[dict[str, Any]]]
SignIn = Callable[[str], Browser]
SCOPES = {"presa_in_carico:leggi": "ente", "diario:leggi": "settore"}


@cache
def private_key(alg: str = "EdDSA", number: int = 0) -> Any:
    if alg == "RS256":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1()) if alg == "ES256" else ed25519.Ed25519PrivateKey.generate()


def public_jwk(alg: str = "EdDSA", number: int = 0, kid: str = "uno") -> dict[str, Any]:
    make: Any = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}[alg]
    return make.to_jwk(private_key(alg, number).public_key(), as_dict=True) | {"kid": kid}  # type: ignore[no-any-return]


def asked(**changes: Any) -> dict[str, Any]:
    return {
        "nome": f"Protocollo {uuid4().hex[:6]}", "ente": "F704", "settore": "minori", "estensioni": SCOPES,
        "finalita": "Fascicolazione degli atti protocollati", "chiave": json.dumps(public_jwk()),
    } | changes  # fmt: skip


@pytest.fixture(autouse=True)
def quick(app: FastAPI, services: FakeServices, settings: Settings) -> None:
    """Wrong attempts cost milliseconds, and those of other tests are forgotten."""
    app.state.gateway.settings = settings.model_copy(update={"wrong_login_delay": 0.0})
    services.answer("anagrafe.list_enti", EntiOut(enti=(Ente(codice="F704", nome="Monza"),)))
    services.answer("cartella.list_cartelle", NotFound("x.y", "Non c'è."))


@pytest.fixture
def people(client: TestClient) -> tuple[Browser, Browser]:
    """Two administrators."""
    return Browser.sign_in(client, "admin.sistema"), Browser.sign_in(client, "bruno.leone")


@pytest.fixture
def known(people: tuple[Browser, Browser]) -> str:
    """client_id of an approved client whose key is `uno`."""
    return let_in(people)


def let_in(people: tuple[Browser, Browser], **changes: Any) -> str:
    client_id = proposed(people[0], **changes)
    answer = approve(people[1], client_id)
    assert answer.status_code == 204, answer.text
    return client_id


def proposed(by: Browser, **changes: Any) -> str:
    answer = by.post("/api/v1/clienti", json=asked(**changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["client_id"])


def approve(by: Browser, client_id: str, *chiavi: str) -> Any:
    """Approves what he sees now, or these keys."""
    url = f"/api/v1/clienti/{client_id}"
    seen = chiavi or tuple(key["kid"] for key in by.get(url).json()["chiavi"])
    return by.post(f"{url}/approvazione", json={"chiavi": seen})


@pytest.fixture
def audience(settings: Settings) -> str:
    return settings.public_url + TOKEN_PATH


def assertion(
    client_id: str, audience: Any, *, alg: str = "EdDSA", number: int = 0, key: Any = None, headers: Any = None,
    **changes: Any,
) -> str:  # fmt: skip
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + 120, "jti": str(uuid4()),
    } | changes  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not None}
    named = {name: value for name, value in ({"kid": "uno"} | (headers or {})).items() if value is not None}
    return jwt.encode(claims, key or private_key(alg, number), alg, named)


def ask(client: TestClient, signed: str, **changes: Any) -> Any:
    form = {
        "grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed,
    } | changes  # fmt: skip
    return client.post(TOKEN_PATH, data={name: value for name, value in form.items() if value is not None})


def token_of(client: TestClient, client_id: str, audience: str, **changes: Any) -> str:
    answer = ask(client, assertion(client_id, audience), **changes)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_recognised_client_gets_a_token_for_ten_minutes_at_most(
    client: TestClient, known: str, audience: str
) -> None:
    answer = ask(client, assertion(known, audience), client_id=known)

    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
    assert body["scope"] == "diario:leggi presa_in_carico:leggi"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_three_kinds_of_key_sign(
    client: TestClient, people: tuple[Browser, Browser], audience: str, alg: str
) -> None:
    client_id = let_in(people, chiave=json.dumps(public_jwk(alg)))

    assert ask(client, assertion(client_id, audience, alg=alg)).status_code == 200


def test_a_key_may_come_as_pem_and_gets_a_name(
    client: TestClient, people: tuple[Browser, Browser], audience: str
) -> None:
    pem = private_key("ES256", 0).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    client_id = let_in(people, chiave=pem.decode())
    (key,) = people[0].get(f"/api/v1/clienti/{client_id}").json()["chiavi"]

    assert (
        ask(client, assertion(client_id, audience, alg="ES256", headers={"kid": key["kid"]})).status_code
        == 200
    )


def test_its_requests_carry_its_own_extents_and_purpose_and_are_logged(
    client: TestClient, known: str, audience: str, services: FakeServices, query: Query
) -> None:
    token = token_of(client, known, audience)

    client.get("/api/v1/cartelle", headers=bearer(token))

    (call,) = services.calls
    assert (call.mandato["tipo"], call.mandato["ruolo"], call.mandato["operatore_id"]) == (
        "client",
        "client",
        known,
    )
    assert (call.mandato["ente"], call.mandato["settore"]) == ("F704", "minori")
    assert call.mandato["estensioni"] == {"presa_in_carico:leggi": "ente"}
    assert call.mandato["motivo"] == "Fascicolazione degli atti protocollati"
    rows = query(
        "SELECT tipo, rotta, motivo, esito FROM accessi WHERE operatore_id = %s ORDER BY quando", known
    )
    assert [(row["tipo"], row["rotta"], row["esito"]) for row in rows] == [
        ("client", TOKEN_PATH, 200), ("client", "/api/v1/cartelle", 404),
    ]  # fmt: skip
    assert rows[1]["motivo"] == "Fascicolazione degli atti protocollati"


def test_it_has_one_purpose_approved_with_it_and_no_reason_of_its_own(
    client: TestClient, known: str, audience: str, services: FakeServices, query: Query
) -> None:
    token = token_of(client, known, audience)

    answer = client.get("/api/v1/cartelle", headers=bearer(token) | {"X-Motivo": "coordinatore"})

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["code"] == "accesso.motivo_di_programma"
    assert services.calls == []
    rows = query("SELECT motivo, esito FROM accessi WHERE operatore_id = %s ORDER BY quando", known)
    assert (rows[-1]["motivo"], rows[-1]["esito"]) == ("Fascicolazione degli atti protocollati", 400)


def test_a_token_narrowed_by_scope_reaches_no_further(
    client: TestClient, known: str, audience: str, services: FakeServices
) -> None:
    token = token_of(client, known, audience, scope="diario:leggi")

    answer = client.get("/api/v1/cartelle", headers=bearer(token))

    assert answer.status_code == 403
    assert services.calls == []


@pytest.mark.parametrize("scope", ["diario:scrivi", "diario:leggi operatori:leggi", "*", "diario:leggi;DROP"])
def test_a_scope_it_does_not_have_is_refused(
    client: TestClient, known: str, audience: str, scope: str
) -> None:
    answer = ask(client, assertion(known, audience), scope=scope)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_what_its_scopes_do_not_name_it_does_not_reach(client: TestClient, known: str, audience: str) -> None:
    token = token_of(client, known, audience)

    statuses = {
        path: client.get(path, headers=bearer(token)).status_code
        for path in ("/api/v1/operatori", "/api/v1/registro-accessi", "/api/v1/politica", "/api/v1/clienti")
    }

    assert set(statuses.values()) <= {403, 404}, statuses


def test_a_token_opens_no_page_and_is_no_cookie(client: TestClient, known: str, audience: str) -> None:
    token = token_of(client, known, audience)

    page = client.get("/casi", headers=bearer(token))
    as_cookie = client.get("/api/v1/cartelle", headers={"Cookie": f"siso={token}"})

    assert (page.status_code, page.headers["location"].split("?")[0]) == (303, "/accedi")
    assert as_cookie.status_code == 401


def test_a_persons_session_is_no_bearer_token(client: TestClient, browser: SignIn) -> None:
    giulia = browser("giulia.bianchi")

    assert client.get("/api/v1/cartelle", headers=bearer(giulia.token)).status_code == 401


def unsigned(client_id: str, audience: str) -> str:
    _, payload, _ = assertion(client_id, audience).split(".")
    return ".".join((jwt.encode({}, None, "none", {"kid": "uno"}).split(".")[0], payload, ""))  # type: ignore[arg-type]


def by_public_key_as_secret(client_id: str, audience: str) -> str:
    """The old confusion: HMAC with the registered public key as its secret."""
    secret = urlsafe_b64encode(json.dumps(public_jwk()).encode())
    return assertion(client_id, audience, alg="HS256", key=secret.decode())


NOW = int(datetime.now(UTC).timestamp())
WRONG: dict[str, Callable[[str, str], str]] = {
    "no signature": unsigned,
    "HMAC": by_public_key_as_secret,
    "another's key": lambda c, a: assertion(c, a, number=9),
    "another kind of key": lambda c, a: assertion(c, a, alg="ES256"),
    "unknown kid": lambda c, a: assertion(c, a, headers={"kid": "altro"}),
    "no kid": lambda c, a: assertion(c, a, headers={"kid": None}),
    "kid that is no text": lambda c, a: assertion(c, a, headers={"kid": ""}),
    "key inside the header": lambda c, a: assertion(
        c, a, number=9, headers={"jwk": public_jwk(number=9), "kid": "nove"}
    ),
    "critical header": lambda c, a: assertion(c, a, headers={"crit": ["b64"], "b64": True}),
    "for another address": lambda c, a: assertion(c, "https://altrove.test/token"),
    "for our own host only": lambda c, a: assertion(c, a.removesuffix(TOKEN_PATH)),
    "no audience": lambda c, a: assertion(c, None),
    "expired": lambda c, a: assertion(c, a, iat=NOW - 600, exp=NOW - 300),
    "good for an hour": lambda c, a: assertion(c, a, exp=NOW + 3600),
    "no end": lambda c, a: assertion(c, a, exp=None),
    "exp that is no number": lambda c, a: assertion(c, a, exp="9" * 30),
    "issued tomorrow": lambda c, a: assertion(c, a, iat=NOW + 86400, exp=NOW + 86500),
    "no issue time": lambda c, a: assertion(c, a, iat=None),
    "no jti": lambda c, a: assertion(c, a, jti=None),
    "jti too long": lambda c, a: assertion(c, a, jti="x" * 200),
    "jti with NUL": lambda c, a: assertion(c, a, jti="a\x00b"),
    "another issuer": lambda c, a: assertion(c, a, iss=str(uuid4())),
    "unknown client": lambda c, a: assertion(str(uuid4()), a),
    "client that is no id": lambda c, a: assertion("tutti", a),
    "client id in capitals": lambda c, a: assertion(c.upper(), a),
    "subject that is a number": lambda c, a: assertion(c, a, sub=7),
    "no JWT at all": lambda c, a: "ciao",
    "three dots": lambda c, a: "..",
    "four parts": lambda c, a: assertion(c, a) + ".x",
    "not base64": lambda c, a: "é.é.é",
    "far too long": lambda c, a: assertion(c, a, note="x" * 9000),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_whatever_is_wrong_gets_one_and_the_same_answer(
    client: TestClient, known: str, audience: str, name: str, query: Query
) -> None:
    answer = ask(client, WRONG[name](known, audience))

    body = answer.json()
    assert answer.status_code == 401, answer.text
    instance = body.pop("instance")
    assert body == {
        "error": "invalid_client", "error_description": "invalid client", "type": "about:blank",
        "title": "Accesso richiesto", "status": 401, "code": "oauth.invalid_client",
        "detail": "Il sistema non è riconosciuto.", "fields": {}, "details": {},
    }  # fmt: skip
    assert instance == answer.headers["x-correlation-id"]
    assert query("SELECT 1 FROM sessioni WHERE client_id = %s", known) == []


def test_an_assertion_works_once(client: TestClient, known: str, audience: str) -> None:
    signed = assertion(known, audience)

    assert [ask(client, signed).status_code for _ in range(2)] == [200, 401]


def test_an_assertion_refused_for_its_scope_is_spent_all_the_same(
    client: TestClient, known: str, audience: str
) -> None:
    signed = assertion(known, audience)

    assert [ask(client, signed, scope="x:y").status_code, ask(client, signed).status_code] == [400, 401]


def test_a_client_id_beside_the_assertion_must_be_the_same(
    client: TestClient, known: str, audience: str
) -> None:
    assert ask(client, assertion(known, audience), client_id=str(uuid4())).status_code == 401


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion": None}, "invalid_request"),
        ({"client_assertion_type": None}, "invalid_request"),
        ({"client_assertion_type": "urn:saml"}, "invalid_request"),
        ({"grant_type": ["client_credentials", "client_credentials"]}, "invalid_request"),
    ],
)
def test_a_malformed_request_is_named_as_oauth_names_it(
    client: TestClient, known: str, audience: str, change: dict[str, Any], error: str
) -> None:
    answer = ask(client, assertion(known, audience), **change)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"\xff\xfe=%ff", "application/x-www-form-urlencoded"),
        (b"grant_type=%FF", "application/x-www-form-urlencoded"),
        (b"a=1&" * 50, "application/x-www-form-urlencoded"),
        (b"x=" + b"y" * 100_000, "application/x-www-form-urlencoded"),
        (b'{"grant_type": "client_credentials"}', "application/json"),
        (b"grant_type=client_credentials", ""),
    ],
)
def test_what_is_no_form_is_refused_without_a_fuss(client: TestClient, content: bytes, kind: str) -> None:
    answer = client.post(TOKEN_PATH, content=content, headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_nobody_approves_what_he_proposed(
    people: tuple[Browser, Browser], client: TestClient, audience: str
) -> None:
    proposer, _ = people
    client_id = proposed(proposer)

    answer = approve(proposer, client_id)

    assert (answer.status_code, answer.json()["code"]) == (403, "clienti.quattro_occhi")
    assert ask(client, assertion(client_id, audience)).status_code == 401


def test_a_key_that_came_after_the_page_was_loaded_is_not_approved_unseen(
    people: tuple[Browser, Browser], client: TestClient, audience: str
) -> None:
    one, other = people
    client_id = proposed(one)
    later = {"chiave": json.dumps(public_jwk(number=2, kid="due"))}
    assert one.post(f"/api/v1/clienti/{client_id}/chiavi", json=later).status_code == 201

    unseen = approve(other, client_id, "uno")
    on_the_page = other.post(
        f"/clienti/{client_id}/approvazione", data={"csrf_token": other.csrf, "chiavi": "uno"}
    )

    assert (unseen.status_code, unseen.json()["code"]) == (409, "clienti.chiavi_cambiate")
    assert (on_the_page.status_code, "chiavi sono cambiate" in on_the_page.text) == (422, True)
    assert other.post(
        f"/clienti/{client_id}/approvazione", data={"csrf_token": other.csrf, "chiavi": "x" * 200}
    ).status_code == 422  # fmt: skip
    assert ask(client, assertion(client_id, audience)).status_code == 401
    assert approve(other, client_id, "uno", "due").status_code == 204


def test_what_it_asks_is_looked_at_again_when_it_is_approved(
    people: tuple[Browser, Browser], app: FastAPI
) -> None:
    client_id = proposed(people[0], estensioni={"diario:leggi": "settore"})
    without(app, "diario:leggi")

    answer = approve(people[1], client_id)

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["estensioni"])


def without(app: FastAPI, *scopes: str, roles: frozenset[str] = frozenset(), **more: Any) -> None:
    """The policy in force without these scopes (`roles` keep them), and with `more` rules."""
    policies = app.state.gateway.policies
    ((number, policy),) = policies.known.items()
    rules = {
        ruolo: {scope: extent for scope, extent in own.items() if scope not in scopes or ruolo in roles}
        for ruolo, own in policy.rules.items()
    }
    policies.known[number] = replace(policy, rules=rules | more)


@pytest.mark.parametrize("roles", [frozenset(), frozenset({"emergenza", "cittadino"})])
def test_what_the_policy_takes_from_everybody_the_machine_loses_at_its_next_request(
    client: TestClient, known: str, audience: str, services: FakeServices, app: FastAPI, roles: frozenset[str]
) -> None:
    token = token_of(client, known, audience)
    assert client.get("/api/v1/cartelle", headers=bearer(token)).status_code == 404

    without(app, "presa_in_carico:leggi", roles=roles)
    answer = client.get("/api/v1/cartelle", headers=bearer(token))

    assert answer.status_code == 403
    assert len(services.calls) == 1
    assert ask(client, assertion(known, audience)).json()["scope"] == "diario:leggi"
    refused = ask(client, assertion(known, audience), scope="presa_in_carico:leggi")
    assert refused.json()["error"] == "invalid_scope"


def test_a_role_called_like_a_machine_gives_it_nothing(
    client: TestClient, known: str, audience: str, services: FakeServices, app: FastAPI
) -> None:
    token = token_of(client, known, audience)
    without(
        app, client={"secondo_livello:leggi": Extent.PROVINCIA, "presa_in_carico:leggi": Extent.PROVINCIA}
    )

    client.get("/api/v1/cartelle", headers=bearer(token))

    assert services.calls[-1].mandato["estensioni"] == {"presa_in_carico:leggi": "ente"}


def test_the_database_knows_four_eyes_too(people: tuple[Browser, Browser], settings: Settings) -> None:
    client_id = people[0].post("/api/v1/clienti", json=asked()).json()["client_id"]

    with psycopg.connect(settings.dsn) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "UPDATE clienti SET approvato_da = proposto_da, approvato_il = now() WHERE id = %s", (client_id,)
        )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"estensioni": {"operatori:scrivi": "ente"}}, "estensioni"),
        ({"estensioni": {"registro_accessi:leggi": "ente"}}, "estensioni"),
        ({"estensioni": {"politica:approva": "ente"}}, "estensioni"),
        ({"estensioni": {"diario:vola": "ente"}}, "estensioni"),
        ({"estensioni": {"diario:leggi": "provincia"}}, "estensioni"),
        ({"estensioni": {"diario:leggi": "propri"}}, "estensioni"),
        ({"estensioni": {}}, "estensioni"),
        ({"settore": "", "estensioni": {"diario:leggi": "settore"}}, "settore"),
        ({"ente": "B212"}, "ente"),
        ({"finalita": "boh"}, "finalita"),
        ({"scade_il": "2020-01-01"}, "scade_il"),
        ({"chiave": "ciao"}, "chiave"),
        ({"chiave": "[]"}, "chiave"),
        ({"chiave": '{"kty": "oct", "k": "c2VncmV0bw"}'}, "chiave"),
        ({"chiave": '{"kty": "RSA", "n": "AQAB", "e": "AQAB"}'}, "chiave"),
        ({"chiave": '{"kty": ["RSA"]}'}, "chiave"),
        ({"chiave": json.dumps(public_jwk(kid="con spazi"))}, "chiave"),
        ({"chiave": json.dumps(public_jwk() | {"use": "enc"})}, "chiave"),
        ({"chiave": "[" * 5000}, "chiave"),
    ],
)
def test_a_client_that_should_not_be_is_refused_at_its_field(
    people: tuple[Browser, Browser], change: dict[str, Any], field: str
) -> None:
    answer = people[0].post("/api/v1/clienti", json=asked(**change))

    assert answer.status_code in (400, 422), answer.text
    assert field in {name.partition(".")[0] for name in answer.json()["fields"]}


def test_a_private_key_is_recognised_and_never_kept(people: tuple[Browser, Browser], query: Query) -> None:
    private: Any = OKPAlgorithm.to_jwk(private_key(), as_dict=True)
    before = query("SELECT count(*) FROM clienti")

    answer = people[0].post("/api/v1/clienti", json=asked(chiave=json.dumps(private)))

    assert "privata" in answer.json()["fields"]["chiave"]
    assert private["d"] not in answer.text
    assert query("SELECT count(*) FROM clienti") == before


def test_a_key_is_rolled_over_without_a_gap(
    people: tuple[Browser, Browser], client: TestClient, known: str, audience: str
) -> None:
    one, other = people
    url = f"/api/v1/clienti/{known}/chiavi"
    new = {"chiave": json.dumps(public_jwk(number=2, kid="due"))}
    assert one.post(url, json=new).status_code == 201

    def works(number: int, kid: str) -> bool:
        return ask(client, assertion(known, audience, number=number, headers={"kid": kid})).status_code == 200

    assert (works(0, "uno"), works(2, "due")) == (True, False)
    assert one.post(f"{url}/due/approvazione").status_code == 403
    assert other.post(f"{url}/due/approvazione").status_code == 204
    assert (works(0, "uno"), works(2, "due")) == (True, True)
    assert one.post(f"{url}/uno/revoca").status_code == 204
    assert (works(0, "uno"), works(2, "due")) == (False, True)
    assert one.post(url, json={"chiave": json.dumps(public_jwk(kid="uno"))}).status_code == 409


def test_when_a_key_is_revoked_the_tokens_it_got_end_too(
    people: tuple[Browser, Browser], client: TestClient, known: str, audience: str
) -> None:
    token = token_of(client, known, audience)

    people[0].post(f"/api/v1/clienti/{known}/chiavi/uno/revoca")

    assert client.get("/api/v1/cartelle", headers=bearer(token)).status_code == 401


def test_a_revoked_client_is_out_at_once(
    people: tuple[Browser, Browser], client: TestClient, known: str, audience: str
) -> None:
    token = token_of(client, known, audience)
    assert client.get("/api/v1/cartelle", headers=bearer(token)).status_code == 404

    assert (
        people[0].post(f"/api/v1/clienti/{known}/revoca", json={"motivo": "Contratto finito"}).status_code
        == 204
    )

    refused = client.get("/api/v1/cartelle", headers=bearer(token))
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer realm="siso"')
    assert ask(client, assertion(known, audience)).status_code == 401


def test_a_client_past_its_last_day_is_out(
    client: TestClient, known: str, audience: str, settings: Settings
) -> None:
    token = token_of(client, known, audience)
    with psycopg.connect(settings.dsn) as connection:
        connection.execute("UPDATE clienti SET scade_il = now() WHERE id = %s", (known,))

    assert ask(client, assertion(known, audience)).status_code == 401
    answer = [client.get("/api/v1/cartelle", headers=bearer(token)).status_code for _ in range(3)][-1]
    assert answer == 401


def test_clients_of_another_ente_do_not_exist_here(
    people: tuple[Browser, Browser], known: str, settings: Settings
) -> None:
    with psycopg.connect(settings.dsn) as connection:
        connection.execute("UPDATE clienti SET ente = 'B212' WHERE id = %s", (known,))

    admin = people[0]
    assert admin.get(f"/api/v1/clienti/{known}").status_code == 404
    assert admin.post(f"/api/v1/clienti/{known}/revoca", json={"motivo": "prova"}).status_code == 404
    assert known not in admin.get("/api/v1/clienti").text


def test_only_administrators_propose_and_the_dpo_reads(
    client: TestClient, browser: SignIn, known: str
) -> None:
    rpd = browser("elena.riva")

    assert rpd.get(f"/api/v1/clienti/{known}").status_code == 200
    assert rpd.post("/api/v1/clienti", json=asked()).status_code == 403
    assert browser("giulia.bianchi").get("/api/v1/clienti").status_code == 403


def test_the_pages_walk_a_client_from_proposal_to_revocation(people: tuple[Browser, Browser]) -> None:
    one, other = people
    data = {
        "nome": "Contabilità", "finalita": "Mandati di pagamento", "ente": "F704", "settore": "minori",
        "fin_dove": "settore", "scopi": ["liquidazioni:leggi"], "chiave": json.dumps(public_jwk("ES256")),
    }  # fmt: skip

    refused = one.post("/clienti/nuovo", data=data | {"scopi": [], "csrf_token": one.csrf})
    assert refused.status_code == 422
    assert "Scegli almeno una cosa" in refused.text
    card = (
        one.post("/clienti/nuovo", data=data | {"csrf_token": one.csrf}).headers["location"].partition("?")[0]
    )
    assert "lo approva un altro amministratore" in one.get(card).text
    assert "Approva il sistema" in other.get(card).text
    (kid,) = (k["kid"] for k in other.get(f"/api/v1{card}").json()["chiavi"])
    assert f'name="chiavi" value="{kid}"' in other.get(card).text
    approved = other.post(f"{card}/approvazione", data={"csrf_token": other.csrf, "chiavi": kid})
    assert approved.headers["location"] == f"{card}?fatto=client_approvato"
    assert "Contabilità" in one.get("/clienti").text
    revoked = one.post(f"{card}/revoca", data={"motivo": "Non serve più", "csrf_token": one.csrf})
    assert revoked.headers["location"] == f"{card}?fatto=client_revocato"
    assert "Non serve più" in one.get(card).text
