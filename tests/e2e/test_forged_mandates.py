"""No service answers without a mandate of the gateway's: forged, expired, cut or absent, straight over the broker."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.e2e.scene import Scene
from tests.system import Json, System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def forgeries(system: System) -> dict[str, str | None]:
    """Tokens that must open nothing, by what is wrong with them."""
    import jwt
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from chassis import mandate

    key = mandate.load_private_key(system.supervisor.infra.keys["private"])
    public = system.supervisor.infra.keys["public"].read_bytes()
    claims = jwt.decode(genuine(system), options={"verify_signature": False})
    header, body, signature = genuine(system).split(".")
    return {
        "absent": None,
        "empty": "",
        "rubbish": "x.y.z",
        "unsigned": jwt.encode(claims, None, algorithm="none"),
        "signature cut off": f"{header}.{body}.",
        "signature of another": f"{header}.{body}.{signature[::-1]}",
        "signed by a stranger": jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA"),
        "public key as a password": hmac_token(claims, public),
        "expired": jwt.encode(claims | {"exp": claims["iat"] - 1}, key, algorithm="EdDSA"),
        "without expiry": jwt.encode({k: v for k, v in claims.items() if k != "exp"}, key, algorithm="EdDSA"),
        "for another service": genuine(system, audience=("somebody",)),
        "from another issuer": jwt.encode(claims | {"iss": "notifiche"}, key, algorithm="EdDSA"),
        "another subject": jwt.encode(claims | {"sub": str(uuid4())}, key, algorithm="EdDSA"),
        "no claims of ours": jwt.encode({k: v for k, v in claims.items() if k != "mandato"}, key, "EdDSA"),
        "unknown extent": jwt.encode(
            claims | {"mandato": claims["mandato"] | {"estensioni": {"diario:leggi": "tutto"}}}, key, "EdDSA"
        ),
        "no extents": genuine(system, extents={}),
    }


def hmac_token(claims: Json, secret: bytes) -> str:
    """HS256 with the public key as the secret (the classic confusion of algorithms), made by hand: PyJWT refuses to."""
    import base64
    import hashlib
    import hmac

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = (
        f"{part(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{part(json.dumps(claims).encode())}"
    )
    return f"{signed}.{part(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def genuine(
    system: System, *cases: str, audience: tuple[str, ...] = (), extents: dict[str, str] | None = None
) -> str:
    """A mandate as the gateway signs it, for one who sees the whole ente and says why he opens these cases."""
    from chassis import mandate
    from contracts.mandato import Mandato

    wide = {f"{sezione}:leggi": "ente" for sezione in ("presa_in_carico", "diario", "documenti", "fogli", "avvisi",
                                                        "anagrafe", "report", "liquidazioni")}  # fmt: skip
    mandato = Mandato.model_validate(
        {
            "operatore_id": str(uuid4()), "incarico_id": str(uuid4()), "ruolo": "coordinatore", "ente": "F704",
            "settore": "minori", "estensioni": wide if extents is None else extents, "motivo": "prova",
            "motivo_per": cases,
        }
    )  # fmt: skip
    key = mandate.load_private_key(system.supervisor.infra.keys["private"])
    every = ("anagrafe", "cartella", "documenti", "erogazioni", "notifiche", "report")
    return mandate.sign(mandato, audience or every, key, timedelta(minutes=1))


def questions(scene: Scene) -> dict[tuple[str, str], Json]:
    """One reading method of each service, with a question that has an answer."""
    return {
        ("anagrafe", "get_residente"): {"residente_id": scene.monza.residente["id"]},
        ("cartella", "list_voci_diario"): {"cartella_id": scene.monza.id},
        ("documenti", "list_documenti"): {"cartella_id": scene.monza.id},
        ("erogazioni", "list_fogli"): {"cartella_id": scene.monza.id},
        ("notifiche", "list_avvisi"): {},
        ("report", "run_crosstab"): {},
    }


def test_every_service_answers_a_genuine_mandate(system: System, scene: Scene) -> None:
    token = genuine(system, scene.monza.id)

    replies = {name: system.rpc(*name, request, token) for name, request in questions(scene).items()}

    assert {name: reply["error"] for name, reply in replies.items() if reply["error"]} == {}


def test_every_service_refuses_every_forged_expired_or_absent_mandate(system: System, scene: Scene) -> None:
    asked = [(*name, request, what, token) for name, request in questions(scene).items()
             for what, token in forgeries(system).items()]  # fmt: skip

    wrong = []
    for service, method, request, what, token in asked:
        reply = system.rpc(service, method, request, token)
        if reply["result"] is not None or reply["error"]["exc_type"] != "Forbidden":
            wrong.append((service, method, what, reply))

    assert wrong == []


def test_a_reason_for_one_case_opens_no_other_whatever_was_signed(system: System, scene: Scene) -> None:
    token = genuine(system, str(uuid4()))

    for service, method in (("cartella", "list_voci_diario"), ("documenti", "list_documenti")):
        error = system.rpc(service, method, {"cartella_id": scene.monza.id}, token)["error"]
        assert error["exc_args"][0] == "accesso.motivo_richiesto", service


def test_a_genuine_mandate_opens_no_private_entry_or_document_however_wide(
    system: System, scene: Scene
) -> None:
    token = genuine(system, scene.monza.id)
    entry = {"cartella_id": scene.monza.id, "voce_id": scene.riservato.ids["voce"]}
    document = {"documento_id": scene.riservato.ids["documento"]}

    replies = (
        system.rpc("cartella", "get_voce_diario", entry, token),
        system.rpc("documenti", "get_download", document, token),
    )

    assert [reply["error"]["exc_type"] for reply in replies] == ["NotFound", "NotFound"]


@pytest.mark.parametrize("routing_key", ["#", "cartella.*", "*.*", "cartella.add_voce_diario"])
def test_no_service_can_listen_to_what_is_asked_of_another(system: System, routing_key: str) -> None:
    from amqp.exceptions import AccessRefused
    from kombu import Connection, Exchange, Queue

    spy = f"rpc.reply-spia-{uuid4().hex}"
    with Connection(system.supervisor.infra.rabbitmq.url("notifiche")) as connection:
        queue = Queue(spy, exclusive=True, auto_delete=True, channel=connection.channel())
        queue.declare()
        with pytest.raises(AccessRefused):
            queue.bind_to(Exchange("nameko-rpc", type="topic", passive=True), routing_key=routing_key)


@pytest.mark.parametrize("exchange", ["cartella.events", "anagrafe.events", "gateway.events"])
def test_no_service_can_tell_facts_of_another(system: System, exchange: str) -> None:
    from amqp.exceptions import AccessRefused
    from kombu import Connection, Exchange, Producer

    with Connection(system.supervisor.infra.rabbitmq.url("notifiche")) as connection:
        channel = connection.channel()
        Producer(channel).publish(
            {}, exchange=Exchange(exchange, type="topic", passive=True), routing_key="x.y.v1", declare=[]
        )
        with pytest.raises(
            AccessRefused
        ):  # a round trip: the refusal of a publish comes with the next answer
            channel.basic_qos(0, 1, False)


@pytest.mark.parametrize("exchange", ["", "erogazioni.retry.1s", "erogazioni.back", "erogazioni.dead"])
def test_no_service_can_write_into_the_queues_of_another(system: System, exchange: str) -> None:
    from amqp.exceptions import AccessRefused
    from kombu import Connection

    url = system.supervisor.infra.rabbitmq.url("notifiche")
    with Connection(url, transport_options={"confirm_publish": True}) as connection:
        producer = connection.Producer()
        with pytest.raises(AccessRefused):
            producer.publish("{}", exchange=exchange, routing_key="erogazioni.on_residente_deceduto_v1")
