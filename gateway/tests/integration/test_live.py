"""What only a real server shows: alerts pushed to open pages, bodies refused unread, documents in a stream."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
import uvicorn
from fastapi import FastAPI

from contracts.documenti import (
    BeginUpload,
    CompleteUpload,
    DocumentoOut,
    DownloadOut,
    StatoDocumento,
    UploadOut,
)
from contracts.mandato import Extent
from contracts.notifiche import AvvisoCreatoV1
from gateway.seed.operatori import IDENTITIES
from gateway.settings import Settings
from gateway.testing import FakeServices
from sisolocal.testbus import Bus
from sisolocal.waiting import eventually

IDS = {identity.identita: identity.operatore_id for identity in IDENTITIES}
CASE = uuid4()


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    """The app behind a real server on the loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    eventually(lambda: server.started, 10)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@dataclass
class Person:
    http: httpx.Client
    csrf: str


@contextmanager
def signed_in(address: str, identita: str) -> Iterator[Person]:
    with httpx.Client(base_url=address, timeout=10, trust_env=False) as http:
        http.post("/api/v1/dev/login", json={"identita": identita}).raise_for_status()
        yield Person(http, http.get("/api/v1/sessione").json()["csrf_token"])


def make_avviso(destinatario: UUID | None, settore: str = "minori") -> AvvisoCreatoV1:
    return AvvisoCreatoV1(
        avviso_id=uuid4(), destinatario_id=destinatario, ente="F704", settore=settore, tipo="decesso"
    )


def listening(app: FastAPI) -> None:
    """Waits until the gateway consumes and the page has subscribed."""
    eventi = app.state.gateway.eventi
    eventually(lambda: eventi.subscriptions and eventi.task.done(), 10)


def test_an_open_page_gets_its_own_alerts_and_those_of_nobody_in_its_settore(
    app: FastAPI, address: str, bus: Bus
) -> None:
    own = make_avviso(IDS["giulia.bianchi"])
    colleagues = make_avviso(IDS["marco.verdi"])
    elsewhere = make_avviso(None, settore="anziani")
    nobodys = make_avviso(None)

    received = []
    with (
        signed_in(address, "giulia.bianchi") as giulia,
        giulia.http.stream("GET", "/api/v1/avvisi/flusso") as page,
    ):
        assert page.headers["content-type"].startswith("text/event-stream")
        listening(app)
        bus.publish(colleagues, elsewhere, own, nobodys)
        for line in page.iter_lines():
            if line.startswith("data: "):
                assert not {"residenti", "esclusi"} & json.loads(line[6:]).keys()
                received.append(UUID(json.loads(line[6:])["avviso_id"]))
            if len(received) == 2:
                break

    assert received == [own.avviso_id, nobodys.avviso_id]


def test_a_closed_page_is_forgotten(app: FastAPI, address: str) -> None:
    with signed_in(address, "giulia.bianchi") as giulia, giulia.http.stream("GET", "/api/v1/avvisi/flusso"):
        listening(app)
        assert len(app.state.gateway.eventi.subscriptions) == 1

    eventually(lambda: not app.state.gateway.eventi.subscriptions, 5)
    assert app.state.gateway.eventi.subscriptions == set()


@pytest.mark.parametrize("what", ["its session was closed", "its person works in another incarico now"])
def test_an_open_page_hears_nothing_more_once(app: FastAPI, address: str, bus: Bus, what: str) -> None:
    heard: list[str] = []
    with (
        signed_in(address, "chiara.monti") as chiara,
        signed_in(address, "chiara.monti") as elsewhere,
        chiara.http.stream("GET", "/api/v1/avvisi/flusso") as page,
    ):
        listening(app)
        me = {"Cookie": f"siso={chiara.http.cookies['siso']}", "X-CSRF-Token": chiara.csrf}
        if what == "its session was closed":
            elsewhere.http.delete(
                "/api/v1/sessioni", headers={"X-CSRF-Token": elsewhere.csrf}
            ).raise_for_status()
        else:
            choices = elsewhere.http.get("/api/v1/sessione/incarichi").json()["scelte"]
            other = next(c for c in choices if c["ente"] == "B212")
            body = {"incarico_id": other["incarico_id"], "delega_id": None}
            with httpx.Client(base_url=address, trust_env=False) as http:
                http.put("/api/v1/sessione/incarico", json=body, headers=me).raise_for_status()
        bus.publish(make_avviso(IDS["chiara.monti"]))
        heard = [line for line in page.iter_lines() if line.startswith(("data: ", "event: "))]

    assert heard == ["event: sessione_finita", "data: {}"]


def alter_policy(app: FastAPI, monkeypatch: pytest.MonkeyPatch, scope: str, extent: Extent) -> None:
    """As if a version that gives this scope so far to assistenti sociali had come into force."""
    policies = app.state.gateway.policies
    for version, policy in policies.known.items():
        own = policy.rules["assistente_sociale"] | {scope: extent}
        changed = replace(policy, rules=policy.rules | {"assistente_sociale": own})
        monkeypatch.setitem(policies.known, version, changed)


@contextmanager
def open_page(app: FastAPI, giulia: Person) -> Iterator[Iterator[str]]:
    """What Giulia's page hears, one after the other: ids of alerts, names of events."""
    with giulia.http.stream("GET", "/api/v1/avvisi/flusso") as page:
        listening(app)
        yield (line.partition(": ")[2] for line in page.iter_lines() if line.startswith(("id: ", "event: ")))


def test_the_inbox_is_not_pushed_to_whom_the_list_hides_it_from(
    app: FastAPI, address: str, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = make_avviso(IDS["giulia.bianchi"])
    with signed_in(address, "giulia.bianchi") as giulia:
        alter_policy(app, monkeypatch, "avvisi:leggi", Extent.PROPRI)
        with open_page(app, giulia) as heard:
            bus.publish(make_avviso(None), own)

            assert next(heard) == str(own.avviso_id)


@pytest.mark.parametrize("extent", [Extent.NESSUNO, Extent.PROPRI])
def test_the_inbox_pushes_only_kinds_whose_section_is_read_there(
    app: FastAPI, address: str, bus: Bus, monkeypatch: pytest.MonkeyPatch, extent: Extent
) -> None:
    foglio = make_avviso(None).model_copy(update={"tipo": "foglio_da_approvare"})
    unknown = make_avviso(None).model_copy(update={"tipo": "qualcosa_di_nuovo"})
    death = make_avviso(None)
    with signed_in(address, "giulia.bianchi") as giulia:
        alter_policy(app, monkeypatch, "fogli:leggi", extent)
        with open_page(app, giulia) as heard:
            bus.publish(foglio, unknown, death)

            assert next(heard) == str(death.avviso_id)


def test_an_open_page_ends_when_the_policy_withdraws_alerts(
    app: FastAPI, address: str, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    with signed_in(address, "giulia.bianchi") as giulia, open_page(app, giulia) as heard:
        alter_policy(app, monkeypatch, "avvisi:leggi", Extent.NESSUNO)
        bus.publish(make_avviso(IDS["giulia.bianchi"]))

        assert list(heard) == ["sessione_finita"]


def test_an_open_page_hears_no_second_level_withdrawn_meanwhile(
    app: FastAPI, address: str, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (make_avviso(None).model_copy(update={"secondo_livello": True}) for _ in range(2))
    own = make_avviso(IDS["giulia.bianchi"])
    with signed_in(address, "giulia.bianchi") as giulia, open_page(app, giulia) as heard:
        bus.publish(first)
        assert next(heard) == str(first.avviso_id)
        alter_policy(app, monkeypatch, "secondo_livello:leggi", Extent.NESSUNO)
        bus.publish(second, own)

        assert next(heard) == str(own.avviso_id)


def test_the_second_level_of_the_settore_is_pushed_to_who_holds_it_however_far(
    app: FastAPI, address: str, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the list shows it: a role holds the second level of its settore or holds none."""
    kept = make_avviso(None).model_copy(update={"secondo_livello": True})
    with signed_in(address, "giulia.bianchi") as giulia:
        alter_policy(app, monkeypatch, "secondo_livello:leggi", Extent.PROPRI)
        with open_page(app, giulia) as heard:
            bus.publish(kept)

            assert next(heard) == str(kept.avviso_id)


def test_an_open_page_hears_nothing_of_who_came_to_live_with_its_person(
    app: FastAPI, address: str, bus: Bus, settings: Settings
) -> None:
    who = uuid4()
    about = make_avviso(IDS["giulia.bianchi"]).model_copy(update={"residenti": (who,)})
    other = make_avviso(IDS["giulia.bianchi"])
    with signed_in(address, "giulia.bianchi") as giulia, open_page(app, giulia) as heard:
        with psycopg.connect(settings.dsn, autocommit=True) as connection:
            connection.execute(
                "UPDATE sessioni SET esclusi = %s WHERE operatore_id = %s", ([who], IDS["giulia.bianchi"])
            )
        bus.publish(about, other)

        assert next(heard) == str(other.avviso_id)


def test_an_oversized_upload_is_refused_before_its_body_is_sent(
    address: str, settings: Settings, services: FakeServices
) -> None:
    with signed_in(address, "giulia.bianchi") as giulia:
        cookie = giulia.http.cookies["siso"]
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(
                f"POST /api/v1/cartelle/{CASE}/documenti HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: siso={cookie}\r\n"
                f"X-CSRF-Token: {giulia.csrf}\r\nX-Nome-File: a.pdf\r\nContent-Type: application/pdf\r\n"
                f"Content-Length: {settings.upload_limit + 1}\r\n\r\n".encode()
            )
            answer = connection.recv(65536).decode()

    assert answer.startswith("HTTP/1.1 413")
    assert services.calls == []


def make_documento(command: BeginUpload, complete: CompleteUpload) -> DocumentoOut:
    return DocumentoOut(
        id=complete.documento_id, cartella_id=command.cartella_id, nome_file=command.nome_file,
        tipo_mime=command.tipo_mime, dimensione=complete.dimensione, sha256=complete.sha256, tipo=command.tipo,
        descrizione=command.descrizione, data_documento=date(2026, 11, 23), privato=command.privato,
        autore_id=IDS["giulia.bianchi"], caricato_il=datetime.now(UTC), stato=StatoDocumento.CARICATO, version=1,
    )  # fmt: skip


@pytest.fixture
def store(s3_bucket: Any, services: FakeServices) -> dict[str, Any]:
    """documenti in a nutshell: presigned addresses of a real store, what it was told kept for the test."""
    from minio import Minio

    client = Minio(
        s3_bucket.endpoint, access_key=s3_bucket.access_key, secret_key=s3_bucket.secret_key, secure=False,
        region="us-east-1",
    )  # fmt: skip
    told: dict[str, Any] = {}

    def begin(command: BeginUpload) -> UploadOut:
        told["begin"] = command
        url = client.presigned_put_object(s3_bucket.bucket, "one", timedelta(minutes=5))
        return UploadOut(documento_id=uuid4(), put_url=url, scade_il=datetime.now(UTC))

    def complete(command: CompleteUpload) -> DocumentoOut:
        told["complete"] = command
        return make_documento(told["begin"], command)

    def get_download(_: Any) -> DownloadOut:
        url = client.presigned_get_object(s3_bucket.bucket, "one", timedelta(minutes=5))
        documento = make_documento(told["begin"], told["complete"])
        return DownloadOut(
            get_url=url, **documento.model_dump(include=set(DownloadOut.model_fields) - {"get_url"})
        )

    services.answer("documenti.begin_upload", begin)
    services.answer("documenti.complete_upload", complete)
    services.answer("documenti.get_download", get_download)
    return told


def test_a_document_comes_back_as_it_went(address: str, store: dict[str, Any]) -> None:
    content = b"%PDF-1.7 " + bytes(range(256)) * 20_480
    headers = {
        "Content-Type": "application/pdf", "X-Nome-File": "Relazione%20al%20TM%20%E2%80%93%20perch%C3%A9.pdf",
        "X-Tipo": "relazione", "X-Privato": "true", "X-Descrizione": "citt%C3%A0",
    }  # fmt: skip

    with signed_in(address, "giulia.bianchi") as giulia:
        made = giulia.http.post(
            f"/api/v1/cartelle/{CASE}/documenti",
            content=content,
            headers=headers | {"X-CSRF-Token": giulia.csrf},
        )
        back = giulia.http.get(f"/api/v1/cartelle/{CASE}/documenti/{made.json()['id']}/contenuto")

    assert made.status_code == 201
    assert made.json()["nome_file"] == "Relazione al TM – perché.pdf"
    assert store["begin"].privato is True
    assert store["begin"].descrizione == "città"
    assert made.json()["sha256"] == sha256(content).hexdigest()
    assert back.content == content
    assert back.headers["content-type"] == "application/pdf"
    assert back.headers["content-disposition"].startswith("attachment; filename*=UTF-8''Relazione%20al%20TM")
    assert back.headers["content-length"] == str(len(content))


def test_a_path_in_a_file_name_is_cut_off(address: str, store: dict[str, Any]) -> None:
    with signed_in(address, "giulia.bianchi") as giulia:
        giulia.http.post(
            f"/api/v1/cartelle/{CASE}/documenti", content=b"x",
            headers={"X-Nome-File": "..%2F..%5Cetc%2Fpasswd", "X-CSRF-Token": giulia.csrf},
        )  # fmt: skip

    assert store["begin"].nome_file == "passwd"


def test_a_store_that_is_away_is_503(address: str, services: FakeServices) -> None:
    services.answer(
        "documenti.begin_upload",
        UploadOut(documento_id=uuid4(), put_url="http://127.0.0.1:9/b/o", scade_il=datetime.now(UTC)),
    )

    with signed_in(address, "giulia.bianchi") as giulia:
        answer = giulia.http.post(
            f"/api/v1/cartelle/{CASE}/documenti", content=b"x",
            headers={"X-Nome-File": "a.pdf", "X-CSRF-Token": giulia.csrf},
        )  # fmt: skip

    assert answer.status_code == 503
    assert answer.json()["code"] == "documenti.archivio_non_disponibile"


def test_the_gateway_is_ready_when_its_stores_answer(address: str) -> None:
    answer = httpx.get(f"{address}/health/ready", trust_env=False)

    assert (answer.status_code, answer.json()) == (200, {"stato": "pronto"})


def test_it_starts_without_its_stores_and_says_so(settings: Settings, services: FakeServices) -> None:
    from starlette.testclient import TestClient

    from gateway.app import create_app

    away = settings.model_copy(
        update={"database_url": "postgresql://nobody@127.0.0.1:9/none", "amqp_url": ""}
    )

    with TestClient(create_app(away, rpc=services)) as client:
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/ready").status_code == 503
        nobodys = client.get("/api/v1/cartelle", headers={"Cookie": "siso=x"})
        somebodys = client.get("/api/v1/cartelle", headers={"Cookie": f"siso={'x' * 43}"})

    assert nobodys.status_code == 401, "what is no token needs no store to be refused"
    assert somebodys.status_code == 503
    assert somebodys.headers["retry-after"]
