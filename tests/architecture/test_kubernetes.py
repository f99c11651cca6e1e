"""The manifests: valid to the letter, every part there, nothing root, nothing reachable that need not be.

Nothing is applied: there is no cluster in a test run. Without kubectl they cannot be rendered, and the tests say so.
"""

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
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def render(overlay: str) -> tuple[str, list[Manifest]]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not here: the manifests were not rendered")
    done = run("kubectl", "kustomize", KUBERNETES / overlay)
    assert done.returncode == 0, done.stderr
    return done.stdout, [document for document in yaml.load_all(done.stdout, Loader=LOADER) if document]


@pytest.fixture(scope="module", params=["base", "overlays/demo"])
def rendered(request: pytest.FixtureRequest) -> tuple[str, list[Manifest]]:
    return render(request.param)


@pytest.fixture(scope="module")
def manifests(rendered: tuple[str, list[Manifest]]) -> list[Manifest]:
    return rendered[1]


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


def test_manifests_are_valid_to_the_letter(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(render("overlays/demo")[0])  # the base is part of it

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
