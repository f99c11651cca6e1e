"""The images, the compose file and the manifests hold together: every part is there, pinned, hardened, and told what it needs.

Nothing is started: there is no Docker engine and no cluster in a test run. What only they can show is not claimed here.
"""

import importlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from contracts.rpc import RPC

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
OWNERS = (*RPC, "gateway")
COMMON_ENV = {
    "SISO_ENV",
    "SISO_LOG_LEVEL",
    "SISO_OTEL_ENDPOINT",
    "SISO_MANDATO_PUBLIC_KEY_FILE",
    "SISO_SERVICE",
}
EXACT = re.compile(r"^[a-z0-9./-]+:v?(\d+\.\d+|RELEASE\.\d{4}-\d{2}-\d{2}T)[\w.-]*$")

Manifest = dict[str, Any]


def tool(name: str) -> str:
    """A checker installed with the tests."""
    found = Path(sys.executable).with_name(name)
    if not found.exists():
        pytest.skip(f"{name} is not installed")
    return str(found)


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def compose() -> Manifest:
    """The compose file as compose itself understands it, anchors and defaults resolved."""
    done = run(tool("docker-compose"), "config", "--format", "json", "--no-path-resolution")
    assert done.returncode == 0, done.stderr
    resolved: Manifest = json.loads(done.stdout)
    return resolved


def render(overlay: str) -> tuple[str, list[Manifest]]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not here: the manifests were not rendered")
    done = run("kubectl", "kustomize", KUBERNETES / overlay)
    assert done.returncode == 0, done.stderr
    return done.stdout, [document for document in yaml.safe_load_all(done.stdout) if document]


@pytest.fixture(scope="module", params=["base", "overlays/demo"])
def rendered(request: pytest.FixtureRequest) -> tuple[str, list[Manifest]]:
    return render(request.param)


@pytest.fixture(scope="module")
def manifests(rendered: tuple[str, list[Manifest]]) -> list[Manifest]:
    return rendered[1]


@pytest.fixture(scope="module")
def make_secrets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_secrets", ROOT / "deploy" / "make_secrets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(make_secrets: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every secret file, made now."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here: no secrets were made")
    folder = tmp_path_factory.mktemp("secrets")
    make_secrets.FOLDER = folder
    for make in ("make_postgres", "make_mongo", "make_broker", "make_store", "make_keys"):
        getattr(make_secrets, make)()
    return folder


def named(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {m["metadata"]["name"]: m for m in manifests if m["kind"] == kind}


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield f"{manifest['kind']} {manifest['metadata']['name']}", manifest["spec"]["template"]["spec"]


def containers(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for name, pod in pods(manifests):
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            yield f"{name}/{container['name']}", container


def has_seed(owner: str) -> bool:
    return importlib.util.find_spec(f"{owner}.seed") is not None


# --- Dockerfile -----------------------------------------------------------------------------------------------------------


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


# --- compose --------------------------------------------------------------------------------------------------------------


def test_compose_accepts_its_file() -> None:
    done = run(tool("docker-compose"), "config", "-q")

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
        if re.search(r"PASSWORD|SECRET|_KEY|_URL", key) and not key.endswith(("_FILE", "BASE_URL"))
    ]

    assert said == []


def test_each_container_gets_secrets_that_are_made_and_only_its_own(compose: Manifest, made: Path) -> None:
    files = {path.name for path in made.iterdir()}
    for name, service in compose["services"].items():
        mounted = {secret["source"] for secret in service.get("secrets", ())}
        assert mounted <= files, name
        owner = name.split("-")[0]
        if service["image"].startswith("siso-") and owner in OWNERS:
            foreign = {s for s in mounted if not s.startswith((owner, "mandato_p"))}
            assert foreign == set(), name
            assert not any("_migration_url" in s for s in mounted) or name.endswith("-migrate"), name


# --- settings: what is said is understood, and nothing is missing ----------------------------------------------------------


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


@pytest.mark.parametrize("owner", OWNERS)
def test_a_process_reads_its_secrets_from_files(
    owner: str, compose: Manifest, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = compose["services"]["gateway" if owner == "gateway" else f"{owner}-events"]
    for secret in process["secrets"]:
        shutil.copy(made / secret["source"], tmp_path)
    for name, value in process["environment"].items():
        monkeypatch.setenv(name, value)

    settings = importlib.import_module(f"{owner}.settings").Settings(_secrets_dir=tmp_path)

    assert settings.amqp_url.startswith(f"amqp://{owner}:")
    assert (settings.mongo_url or settings.database_url).partition("://")[2].startswith(f"{owner}_app:")
    assert settings.migration_url == ""


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


# --- Kubernetes -----------------------------------------------------------------------------------------------------------


def test_manifests_are_valid_to_the_letter(rendered: tuple[str, list[Manifest]], tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(rendered[0])

    done = run(tool("kubernetes-validate"), "--strict", "--quiet", path)

    assert done.returncode == 0, done.stdout + done.stderr


def test_manifests_pin_every_image(manifests: list[Manifest]) -> None:
    assert [c["image"] for _, c in containers(manifests) if not EXACT.match(c["image"])] == []


def test_manifests_run_every_part_of_every_service(manifests: list[Manifest]) -> None:
    deployments, jobs = named(manifests, "Deployment"), named(manifests, "Job")
    wanted = {f"{service}-{role}" for service in RPC for role in ("rpc", "events", "relay")}

    assert (wanted | {"gateway-http", "gateway-relay"}) - set(deployments) == set()
    assert ({f"{owner}-migrate" for owner in OWNERS} | {"topology"}) - set(jobs) == set()


def test_owners_with_starting_data_are_seeded_after_their_migration(manifests: list[Manifest]) -> None:
    jobs = named(manifests, "Job")
    for owner in OWNERS:
        pod = jobs[f"{owner}-migrate"]["spec"]["template"]["spec"]
        steps = [c["args"][0] for c in (*pod.get("initContainers", ()), *pod["containers"])]
        assert steps == (["migrate", "seed"] if has_seed(owner) else ["migrate"]), owner


def test_each_service_scales_and_survives_a_node_taken_down(manifests: list[Manifest]) -> None:
    scaled = {f"{service}-{role}" for service in RPC for role in ("rpc", "events")} | {"gateway-http"}
    budgets = named(manifests, "PodDisruptionBudget")
    deployments = named(manifests, "Deployment")

    scalers = named(manifests, "HorizontalPodAutoscaler")
    assert {s["spec"]["scaleTargetRef"]["name"] for s in scalers.values()} == scaled
    for name in scaled:
        chosen = budgets[name]["spec"]["selector"]["matchLabels"]
        assert chosen.items() <= deployments[name]["spec"]["template"]["metadata"]["labels"].items()


def test_relays_run_one_at_a_time(manifests: list[Manifest]) -> None:
    relays = [d["spec"] for name, d in named(manifests, "Deployment").items() if name.endswith("-relay")]

    assert {(spec["replicas"], spec["strategy"]["type"]) for spec in relays} == {(1, "Recreate")}


def test_no_container_is_root_or_may_write_where_it_lives(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests):
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", name
        assert pod["automountServiceAccountToken"] is False, name
    for name, container in containers(manifests):
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True, name
        assert context["allowPrivilegeEscalation"] is False, name
        assert context["capabilities"]["drop"] == ["ALL"], name


def test_containers_say_what_they_need_and_when_they_are_ready(manifests: list[Manifest]) -> None:
    for name, container in containers(manifests):
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
        assert "memory" in container["resources"]["limits"], name
        if not name.startswith("Job"):
            assert "readinessProbe" in container, name
    for name, deployment in named(manifests, "Deployment").items():
        if name.split("-")[0] in OWNERS:
            assert "livenessProbe" in deployment["spec"]["template"]["spec"]["containers"][0], name


def test_secrets_are_referenced_not_stored(manifests: list[Manifest], make_secrets: ModuleType) -> None:
    made = make_secrets.owners()
    referenced = set(
        re.findall(
            r'"(?:secretName|secretKeyRef|secret)": (?:{"[^}]*?"name": )?"(siso-[a-z-]+)"',
            json.dumps(manifests),
        )
    )

    assert named(manifests, "Secret") == {}
    assert referenced
    assert referenced - set(made) == set()


def test_nothing_talks_to_anything_by_default(manifests: list[Manifest]) -> None:
    deny = named(manifests, "NetworkPolicy")["deny-all"]["spec"]

    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, deployment in named(manifests, "Deployment").items():
        owner = name.split("-")[0]
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        if owner in OWNERS:
            store = "mongodb" if owner == "cartella" else "postgres"
            assert labels["siso.it/to-broker"] == labels[f"siso.it/to-{store}"] == "true", name
