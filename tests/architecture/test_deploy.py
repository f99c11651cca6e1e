"""The images and the compose file: every part is there, pinned, hardened, and told what it needs.

Nothing is started: there is no Docker engine in a test run. What only one can show is not claimed here.
"""

import importlib
import json
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest
from tests.architecture.conftest import EXACT, OWNERS, ROOT, Manifest, has_seed, run, tool

from chassis import settings
from contracts.rpc import RPC

BASE = ["-f", "docker-compose.yml"]
WITH_SEAWEEDFS = [*BASE, "-f", "docker-compose.seaweedfs.yml"]
COMMON_ENV = {
    "SISO_ENV",
    "SISO_LOG_LEVEL",
    "SISO_OTEL_ENDPOINT",
    "SISO_MANDATO_PUBLIC_KEY_FILE",
    "SISO_NOTAIO_PUBLIC_KEY_FILE",
    "SISO_SERVICE",
}


def parts_of(owner: str) -> list[str]:
    """Names of its containers after the owner's own; the gateway's page server has none."""
    running = [""] if owner == "gateway" else ["rpc", "events"]
    return [*running, "relay", "migrate", *(["seed"] if has_seed(owner) else [])]


def test_the_dockerfile_has_no_lint() -> None:
    done = run(tool("hadolint"), ROOT / "deploy" / "Dockerfile")

    assert done.returncode == 0, done.stdout


def test_images_are_built_on_exact_tags_from_checked_hashes_for_nobody() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    stages = set(re.findall(r" AS (\S+)", text))
    bases = [base for base in re.findall(r"^FROM (\S+)", text, re.M) if base not in stages]

    assert [base for base in bases if not EXACT.match(base)] == []
    assert "--require-hashes" in text
    assert "USER 10001" in text
    assert "PYTHONSAFEPATH=1" in text


@pytest.mark.parametrize("files", [BASE, WITH_SEAWEEDFS])
def test_compose_accepts_its_file(files: list[str]) -> None:
    done = run(tool("docker-compose"), *files, "config", "-q")

    assert done.returncode == 0, done.stderr


def test_compose_pins_every_image(compose: Manifest) -> None:
    assert [s["image"] for s in compose["services"].values() if not EXACT.match(s["image"])] == []


def test_compose_runs_every_part_of_every_service(compose: Manifest) -> None:
    wanted = {f"{s}-{part}" for s in RPC for part in ("migrate", "rpc", "events", "relay")}
    wanted |= {"gateway", "gateway-migrate", "gateway-relay", "topology"}
    wanted |= {f"{owner}-seed" for owner in OWNERS if has_seed(owner)}

    assert wanted - set(compose["services"]) == set()


def test_compose_starts_nothing_before_its_jobs_are_done(compose: Manifest) -> None:
    late = {}
    for owner in OWNERS:
        prepared = f"{owner}-seed" if has_seed(owner) else f"{owner}-migrate"
        running = (
            ("gateway", "gateway-relay")
            if owner == "gateway"
            else [f"{owner}-{r}" for r in ("rpc", "events", "relay")]
        )
        for name in running:
            waits = compose["services"][name]["depends_on"]
            done = [job for job, how in waits.items() if how["condition"] == "service_completed_successfully"]
            late |= {name: done} if not {prepared, "topology"} <= set(done) else {}

    assert late == {}


def test_compose_checks_the_health_of_what_stays(compose: Manifest) -> None:
    jobs = re.compile(r"-(migrate|seed|init)$|^topology$")
    unchecked = [
        name
        for name, s in compose["services"].items()
        if not jobs.search(name) and "test" not in s.get("healthcheck", {})
    ]

    assert unchecked == []


def test_compose_publishes_on_the_loopback_only_and_keeps_stores_inside(compose: Manifest) -> None:
    published = [port for s in compose["services"].values() for port in s.get("ports", ())]
    inside = {name for name, network in compose["networks"].items() if network.get("internal")}

    assert {port["host_ip"] for port in published} == {"127.0.0.1"}
    assert {"postgres", "mongodb", "s3", "broker"} <= inside


def test_our_containers_are_read_only_and_hold_no_privilege(compose: Manifest) -> None:
    ours = {name: s for name, s in compose["services"].items() if s["image"].startswith("siso-")}

    weak = [
        n
        for n, s in ours.items()
        if not (s.get("read_only") and s.get("cap_drop") == ["ALL"] and s["security_opt"])
    ]
    assert ours
    assert weak == []


def test_compose_holds_no_password(compose: Manifest) -> None:
    said = [
        f"{name}: {key}"
        for name, service in compose["services"].items()
        for key, value in (service.get("environment") or {}).items()
        if re.search(r"PASSWORD|SECRET|_KEY|_URL", key)
        and not key.endswith(("_FILE", "BASE_URL", "PUBLIC_URL"))
    ]

    assert said == []


def test_each_container_gets_secrets_that_are_made_and_only_its_own(compose: Manifest, made: Path) -> None:
    files = {path.name for path in made.iterdir()}
    for name, service in compose["services"].items():
        mounted = {secret["source"] for secret in service.get("secrets", ())}
        assert mounted <= files, name
        owner = name.split("-")[0]
        if service["image"].startswith("siso-") and owner in OWNERS:
            foreign = {
                s
                for s in mounted
                if not s.startswith((owner, "mandato_p")) and s != "notaio_mandato_public_key"
            }
            assert foreign == set(), name
            assert not any("_migration_url" in s for s in mounted) or name.endswith("-migrate"), name


@pytest.mark.parametrize("owner", OWNERS)
def test_a_process_understands_every_variable_it_is_given(owner: str, compose: Manifest) -> None:
    fields = importlib.import_module(f"{owner}.settings").Settings.model_fields
    process = compose["services"]["gateway" if owner == "gateway" else f"{owner}-events"]

    unknown = [
        name
        for name in set(process["environment"]) - COMMON_ENV
        if name.removeprefix(f"{owner.upper()}_").lower() not in fields
    ]
    assert unknown == []


@pytest.mark.parametrize(("owner", "part"), [(owner, part) for owner in OWNERS for part in parts_of(owner)])
def test_a_process_reads_its_secrets_from_files(
    owner: str, part: str, compose: Manifest, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = compose["services"][f"{owner}-{part}" if part else owner]
    for secret in process["secrets"]:
        shutil.copy(made / secret["source"], tmp_path)
    for name, value in process["environment"].items():
        monkeypatch.setenv(name, value)

    found = importlib.import_module(f"{owner}.settings").Settings(_secrets_dir=tmp_path)

    assert (found.mongo_url or found.database_url).partition("://")[2].startswith(f"{owner}_app:")
    assert bool(found.migration_url) == (part == "migrate")
    if part not in ("migrate", "seed"):
        assert found.amqp_url.startswith(f"amqp://{owner}:")


def test_whoever_talks_to_the_object_store_or_signs_has_the_keys(compose: Manifest) -> None:
    def secrets(name: str) -> set[str]:
        return {secret["source"] for secret in compose["services"][name]["secrets"]}

    for name in ("documenti-seed", "documenti-rpc", "documenti-events", "report-rpc", "report-events"):
        owner = name.split("-")[0]
        assert {f"{owner}_s3_access_key", f"{owner}_s3_secret_key"} <= secrets(name), name
    for name in (f"{service}-{role}" for service in RPC for role in ("rpc", "events")):
        assert {"mandato_public_key", "notaio_mandato_public_key"} <= secrets(name), name
    assert {"mandato_public_key", "mandato_private_key", "gateway_secret"} <= secrets("gateway")
    assert "notifiche_smtp_password" in secrets("notifiche-events")


def test_what_must_run_by_the_clock_does(compose: Manifest) -> None:
    daily = ["every", "--seconds", "86400", "--", "job", "gateway"]
    hourly = ["every", "--seconds", "3600", "--", "reconcile", *OWNERS, "--replay"]

    assert compose["services"]["custode"]["command"] == hourly
    assert compose["services"]["gateway-verify"]["command"] == [*daily, "verify-accessi"]
    assert compose["services"]["gateway-pulizia"]["command"] == [*daily, "pulizia"]
    assert compose["services"]["gateway-scarta"]["command"] == [*daily, "scarta-accessi"]
    each_minute = ["every", "--seconds", "60", "--", "job", "gateway", "minuto", "50"]
    assert compose["services"]["notaio"]["command"] == each_minute


def test_the_access_log_has_a_keeper_whose_way_in_nobody_else_holds(compose: Manifest) -> None:
    holders: dict[str, set[str]] = {}
    for name, service in compose["services"].items():
        for secret in service.get("secrets", ()):
            holders.setdefault(secret["source"], set()).add(name)

    keepers = {"notaio", "gateway-scarta"}
    assert holders["gateway_notaio_url"] == holders["gateway_sigilli_key"] == keepers
    assert not keepers & holders["gateway_database_url"]
    assert (holders["notaio_mandato_key"], holders["mandato_private_key"]) == ({"notaio"}, {"gateway"})
    assert holders["gateway_notaio_password"] == {"postgres"}


def test_who_fetches_the_providers_goes_out_and_reaches_nothing_of_the_house(compose: Manifest) -> None:
    fetcher, networks = compose["services"]["spid-gestori"], compose["networks"]
    others = {n for name, s in compose["services"].items() if name != "spid-gestori" for n in s["networks"]}
    written = [volume["target"] for volume in fetcher["volumes"] if not volume.get("read_only")]

    assert fetcher["command"][-3:] == ["job", "gateway", "refresh-idp"]
    assert "secrets" not in fetcher
    assert list(fetcher["networks"]) == ["federazione"]
    assert "federazione" not in others
    assert not networks["federazione"].get("internal")
    assert written == ["/etc/siso/spid/idp"]


def test_reconciliation_reaches_every_store_and_holds_nothing_else(
    compose: Manifest, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    custode = compose["services"]["custode"]
    for secret in custode["secrets"]:
        shutil.copy(made / secret["source"], tmp_path)
    monkeypatch.setattr(settings, "SECRETS_DIR", tmp_path)

    for owner in OWNERS:
        found = settings.store_settings(owner)
        assert f"{owner}_app:" in (found.mongo_url or found.database_url)
        assert found.amqp_url == ""
    assert len(custode["secrets"]) == len(OWNERS)
    assert set(custode["networks"]) == {"postgres", "mongodb"}


def test_seaweedfs_takes_the_place_of_minio_and_of_nothing_else(
    compose: Manifest, compose_seaweedfs: Manifest, made: Path
) -> None:
    store = compose_seaweedfs["services"]["seaweedfs"]
    gone = set(compose["services"]) - set(compose_seaweedfs["services"])
    endpoints = {
        value
        for service in compose_seaweedfs["services"].values()
        for key, value in (service.get("environment") or {}).items()
        if key.endswith("_S3_ENDPOINT")
    }

    assert gone == {"minio", "minio-init"}
    assert endpoints == {"seaweedfs:9000"}
    assert EXACT.match(store["image"])
    assert store["read_only"]
    assert store["user"] == "1000:1000"
    assert list(store["networks"]) == ["s3"]
    assert {secret["source"] for secret in store["secrets"]} <= {path.name for path in made.iterdir()}


def test_seaweedfs_gives_each_service_its_own_bucket_only(made: Path) -> None:
    identities = json.loads((made / "seaweedfs_identities").read_text())["identities"]

    for identity in identities:
        if identity["name"] in ("documenti", "report"):
            assert {action.partition(":")[2] for action in identity["actions"]} == {identity["name"]}
            assert (
                identity["credentials"][0]["secretKey"]
                == (made / f"{identity['name']}_s3_secret_key").read_text()
            )
    assert {identity["name"] for identity in identities} == {"documenti", "report", "siso-admin"}


def test_making_the_secrets_again_changes_none(make_secrets: ModuleType, made: Path) -> None:
    before = {path.name: path.read_text() for path in made.iterdir()}
    for make in (make_secrets.make_postgres, make_secrets.make_broker, make_secrets.make_keys):
        make()

    assert {path.name: path.read_text() for path in made.iterdir()} == before


def test_the_broker_gets_one_user_per_part(made: Path) -> None:
    definitions = json.loads((made / "rabbitmq_definitions").read_text())

    assert set(OWNERS) <= {user["name"] for user in definitions["users"]}
    assert all("password" not in user for user in definitions["users"])
    assert {grant["user"] for grant in definitions["permissions"]} >= set(OWNERS)
