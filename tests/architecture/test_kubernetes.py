"""The manifests: valid to the letter, every part there, nothing root, nothing reachable that need not be.

Nothing is applied: there is no cluster in a test run. Without kubectl they cannot be rendered, and the tests say so.
"""

import importlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from tests.architecture.conftest import EXACT, OWNERS, ROOT, Manifest, has_seed, run, tool

from contracts.rpc import RPC

KUBERNETES = ROOT / "deploy" / "kubernetes"
STORE_FILES = {o: f"{o}_mongo_url" if o == "cartella" else f"{o}_database_url" for o in OWNERS}
NOTAIO = "Deployment gateway-notaio"
KEEPERS = {NOTAIO, "CronJob gateway-scarta-accessi"}
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def render(overlay: str) -> tuple[str, list[Manifest]]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not here: the manifests were not rendered")
    done = run("kubectl", "kustomize", KUBERNETES / overlay)
    assert done.returncode == 0, done.stderr
    return done.stdout, [document for document in yaml.load_all(done.stdout, Loader=LOADER) if document]


@pytest.fixture(scope="module", params=["base", "overlays/demo", "overlays/seaweedfs"])
def rendered(request: pytest.FixtureRequest) -> tuple[str, list[Manifest]]:
    return render(request.param)


@pytest.fixture(scope="module")
def manifests(rendered: tuple[str, list[Manifest]]) -> list[Manifest]:
    return rendered[1]


def named(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {m["metadata"]["name"]: m for m in manifests if m["kind"] == kind}


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for manifest in manifests:
        name = f"{manifest['kind']} {manifest['metadata']['name']}"
        if manifest["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield name, manifest["spec"]["template"]["spec"]
        elif manifest["kind"] == "CronJob":
            yield name, manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def containers(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for name, pod in pods(manifests):
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            yield f"{name}/{container['name']}", container


def projected(pod: Manifest) -> Iterator[Manifest]:
    """Secrets, or some files of them, that a pod finds under /run/secrets."""
    for volume in pod.get("volumes", ()):
        for source in volume.get("projected", {}).get("sources", ()):
            yield source["secret"]


def mounted(pod: Manifest, made: dict[str, list[str]]) -> set[str]:
    """Names of those files."""
    found: set[str] = set()
    for secret in projected(pod):
        files = set(made[secret["name"]])
        wanted = {item["key"] for item in secret.get("items", ())}
        assert wanted <= files, secret["name"]
        found |= wanted or files
    return found


def variables(pod: Manifest, manifests: list[Manifest]) -> dict[str, str]:
    """What the first container of a pod reads from ConfigMaps."""
    maps = named(manifests, "ConfigMap")
    return {
        key: value
        for source in pod["containers"][0].get("envFrom", ())
        for key, value in maps[source["configMapRef"]["name"]]["data"].items()
    }


@pytest.mark.parametrize("overlay", ["overlays/demo", "overlays/seaweedfs", "overlays/spid"])
def test_manifests_are_valid_to_the_letter(overlay: str, tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(render(overlay)[0])  # the base is part of it

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


def test_what_must_run_by_the_clock_never_overlaps_and_never_hides_a_failure(
    manifests: list[Manifest],
) -> None:
    crons = {name: cron["spec"] for name, cron in named(manifests, "CronJob").items()}
    words = {
        name: pod["containers"][0]["args"] for name, pod in pods(manifests) if name.startswith("CronJob")
    }

    assert words["CronJob reconcile"] == ["reconcile", *OWNERS, "--replay"]
    assert words["CronJob gateway-verify-accessi"] == ["job", "gateway", "verify-accessi"]
    assert words["CronJob gateway-pulizia"] == ["job", "gateway", "pulizia"]
    assert words["CronJob gateway-scarta-accessi"] == ["job", "gateway", "scarta-accessi"]
    assert {spec["concurrencyPolicy"] for spec in crons.values()} == {"Forbid"}
    assert {spec["jobTemplate"]["spec"]["backoffLimit"] for spec in crons.values()} == {0}
    assert all(
        {"successfulJobsHistoryLimit", "failedJobsHistoryLimit"} <= spec.keys() for spec in crons.values()
    )


def test_reconciliation_reaches_every_store_and_holds_nothing_else(
    manifests: list[Manifest], make_secrets: ModuleType
) -> None:
    pod = dict(pods(manifests))["CronJob reconcile"]

    assert mounted(pod, make_secrets.owners()) == set(STORE_FILES.values())


def test_the_access_log_has_a_keeper_whose_way_in_nobody_else_holds(
    manifests: list[Manifest], make_secrets: ModuleType
) -> None:
    held = {name: mounted(pod, make_secrets.owners()) for name, pod in pods(manifests) if projected(pod)}

    for secret in ("gateway_notaio_url", "gateway_sigilli_key"):
        assert {name for name, files in held.items() if secret in files} == KEEPERS
    assert not [name for name in KEEPERS if "gateway_database_url" in held[name]]
    assert {name for name, files in held.items() if "notaio_mandato_key" in files} == {NOTAIO}
    assert "mandato_private_key" not in held[NOTAIO]


def test_who_fetches_the_providers_goes_out_and_reaches_nothing_of_the_house() -> None:
    found = render("overlays/spid")[1]
    cron = named(found, "CronJob")["spid-gestori"]["spec"]["jobTemplate"]["spec"]["template"]
    pod = cron["spec"]
    (out,) = named(found, "NetworkPolicy")["to-federation"]["spec"]["egress"]
    keys = {item["key"] for volume in pod["volumes"] for item in volume.get("secret", {}).get("items", ())}

    assert pod["containers"][0]["args"] == ["job", "gateway", "refresh-idp"]
    assert {label for label in cron["metadata"]["labels"] if "/to-" in label} == {"siso.it/to-federation"}
    assert keys == {"spid.toml", "federazione.crt"}
    assert out["ports"] == [{"protocol": "TCP", "port": 443}]
    assert "10.0.0.0/8" in out["to"][0]["ipBlock"]["except"]
    assert [
        name
        for name, mounts in ((c["name"], c.get("volumeMounts", ())) for _, c in containers(found))
        if any(m["mountPath"] == "/var/lib/siso/idp" and not m.get("readOnly") for m in mounts)
    ] == ["spid-gestori"]


def test_the_ingress_reaches_the_pages_and_no_measurement(manifests: list[Manifest]) -> None:
    policies = named(manifests, "NetworkPolicy")
    (inside,) = policies["from-ingress"]["spec"]["ingress"]
    (watching,) = policies["from-monitoring"]["spec"]["ingress"]
    annotated = named(manifests, "Deployment")["gateway-http"]["spec"]["template"]["metadata"]["annotations"]

    assert inside["ports"] == [{"protocol": "TCP", "port": 8080}]
    assert {"protocol": "TCP", "port": int(annotated["prometheus.io/port"])} in watching["ports"]
    assert annotated["prometheus.io/port"] != "8080"
    assert [port["targetPort"] for port in named(manifests, "Service")["gateway-http"]["spec"]["ports"]] == [
        "http"
    ]


def test_each_pod_finds_every_secret_its_settings_need(
    manifests: list[Manifest],
    make_secrets: ModuleType,
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number, (name, pod) in enumerate(pods(manifests)):
        kind, owner = name.split()[0], name.split()[1].split("-")[0]
        if owner not in OWNERS:
            continue
        found, folder = mounted(pod, make_secrets.owners()), tmp_path / str(number)
        folder.mkdir()
        for file in found:
            shutil.copy(made / file, folder)
        with monkeypatch.context() as patch:
            for key, value in variables(pod, manifests).items():
                patch.setenv(key, value)
            settings = importlib.import_module(f"{owner}.settings").Settings(_secrets_dir=folder)
        own = "gateway_notaio_url" if name in KEEPERS else STORE_FILES[owner]
        assert own in found, name
        assert bool(settings.migration_url) == (kind == "Job"), name
        if kind == "Deployment":
            assert settings.amqp_url.startswith(f"amqp://{owner}:"), name
            verifying = {"mandato_public_key", "notaio_mandato_public_key"}
            assert name == NOTAIO or verifying <= found, name
            assert getattr(settings, "s3_secret_key", "no S3") != "", name
        if name == "Deployment gateway-http":
            assert {"mandato_private_key", "gateway_secret"} <= found


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
        if not name.startswith(("Job", "CronJob")):
            assert "readinessProbe" in container, name
    for name, deployment in named(manifests, "Deployment").items():
        if name.split("-")[0] in OWNERS:
            assert "livenessProbe" in deployment["spec"]["template"]["spec"]["containers"][0], name


def test_secrets_are_referenced_not_stored(manifests: list[Manifest], make_secrets: ModuleType) -> None:
    made = make_secrets.owners()
    plain = r'"(?:secretName|secretKeyRef)": (?:{"[^}]*?"name": )?"(siso-[a-z-]+)"'
    referenced = set(re.findall(plain, json.dumps(manifests)))
    referenced |= {secret["name"] for _, pod in pods(manifests) for secret in projected(pod)}

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
