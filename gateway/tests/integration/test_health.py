"""What is told of the inside to who comes without a session."""

import socket

import httpx
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.settings import Settings
from gateway.testing import FakeServices


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_measurements_are_not_among_the_pages(client: TestClient) -> None:
    assert client.get("/metrics").status_code == 404


def test_measurements_answer_on_a_port_of_their_own_while_the_gateway_lives(
    settings: Settings, services: FakeServices
) -> None:
    port = free_port()
    measured = settings.model_copy(update={"metrics_port": port})

    with TestClient(create_app(measured, rpc=services)) as client:
        client.get("/accedi")
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)
        assert "siso_work_seconds" in answer.text

    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_who_is_not_ready_does_not_say_why(settings: Settings, services: FakeServices) -> None:
    away = settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:9/none"})

    with TestClient(create_app(away, rpc=services)) as client:
        answer = client.get("/health/ready")

    assert (answer.status_code, answer.json()) == (503, {"stato": "non pronto"})
    assert client.get("/health/live").json() == {"stato": "pronto"}
