"""What is deployed is locked down, fits its cluster, and can be applied again and again."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from opensqt.runtime.config.all import ConfigError, load
from opensqt.runtime.config.schema import BUILT_PROFILES, Profile
from tests.tidiness.rendered import (
    K8S,
    OVERLAYS,
    SERVICES,
    containers_of,
    pod_of,
    rendered,
    resources,
    workloads,
)
from tests.tidiness.source import ROOT

LOCKED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
# Who may read which secret. Everybody else's pod does not hold it.
HOLDERS = {
    "postgres": SERVICES - {"market-data"} | {"postgres", "backup"},
    "gateway": {"gateway", "executor"},
    "executor-main": {"executor"},
    "approval-key": {"risk"},
    "paper-keys": {"executor", "venue"},
    "paper-ca": {"executor", "market-data", "venue"},
}
# A two-core cluster of one node runs the paper overlay, and has room for its own pods.
CPU_MILLIS_MAX, MEMORY_MIB_MAX = 1200, 2560
NAMED = re.compile(r"(?:opensqt|environment|nats)-[a-z0-9]{10}")
REFERRED = re.compile(rf"name: ({NAMED.pattern})$", re.MULTILINE)


@pytest.mark.parametrize("folder", OVERLAYS)
def test_every_container_is_locked_down(folder: str) -> None:
    """Not root, a read-only root, no capability, no token, bounded memory."""
    for workload in workloads(folder):
        pod = pod_of(workload)
        name = workload["metadata"]["name"]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in containers_of(workload):
            assert container["securityContext"] == LOCKED, name
            assert container["resources"]["limits"]["memory"], name


@pytest.mark.row("G10")
def test_secrets_are_where_they_are_needed_and_nowhere_else() -> None:
    """None is written down; each is named in the pods of those who read it."""
    assert resources("Secret") == []
    found: dict[str, set[str]] = {}
    for workload in workloads() + workloads("overlays/live"):
        for name in _secrets(workload):
            found.setdefault(name, set()).add(workload["metadata"]["name"])
    assert found == HOLDERS


@pytest.mark.row("K02")
def test_only_executors_have_the_public_half_of_what_proves_an_approval() -> None:
    """The private key is in risk's pod alone, as the table above says; no other pod has either."""
    assert {
        workload["metadata"]["name"]
        for workload in workloads()
        if any(
            one.get("configMap", {}).get("name") == "approval-keys"
            for one in pod_of(workload).get("volumes", ())
        )
    } == {"executor"}


@pytest.mark.parametrize("folder", OVERLAYS)
def test_the_documented_generator_draws_every_secret_that_is_named(folder: str) -> None:
    """By name and by key; keys of a real account are the trader's own and may be missing in paper."""
    words = [sys.executable, "-m", "opensqt.cli", "secrets", "--namespace", "x"]
    words += ["--live"] if folder != "overlays/paper" else []
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)
    drawn = {
        item["metadata"]["name"]: set(item["data"]) for item in json.loads(done.stdout)["items"]
    }
    for workload in workloads(folder):
        pod = pod_of(workload)
        for volume in pod.get("volumes", ()):
            if named := volume.get("secret"):
                keys = {item["key"] for item in named.get("items", ())}
                assert keys <= drawn[named["secretName"]]
        for container in containers_of(workload):
            for variable in container.get("env", ()):
                reference = variable.get("valueFrom", {}).get("secretKeyRef")
                if reference and not reference.get("optional"):
                    assert reference["key"] in drawn[reference["name"]]


@pytest.mark.parametrize("folder", OVERLAYS)
def test_applying_again_changes_nothing_that_cannot_be_changed(folder: str) -> None:
    """A Job's template is immutable: another image would be refused. What is configured is named by its hash."""
    assert resources("Job", folder) == []
    names = {one["metadata"]["name"] for one in resources("ConfigMap", folder)}
    assert names
    assert all(NAMED.fullmatch(name) for name in names)
    referred = {found[1] for found in REFERRED.finditer(rendered(folder))}
    assert referred == names


@pytest.mark.parametrize("folder", OVERLAYS)
def test_all_processes_are_of_one_image(folder: str) -> None:
    """Also those that the base does not know; none is fetched that is there already."""
    images = {
        (container["image"], container.get("imagePullPolicy"))
        for workload in workloads(folder)
        for container in containers_of(workload)
        if container["image"].startswith("opensqt")
    }
    assert images == {("opensqt:0.1.0", "IfNotPresent")}


def test_a_cluster_of_two_cores_has_room_for_the_paper_overlay() -> None:
    """What all pods ask for together."""
    cpu, memory = 0, 0
    for workload in workloads():
        for container in pod_of(workload)["containers"]:
            asked = container["resources"]["requests"]
            cpu += workload["spec"]["replicas"] * int(asked["cpu"].removesuffix("m"))
            memory += workload["spec"]["replicas"] * int(asked["memory"].removesuffix("Mi"))
    assert cpu <= CPU_MILLIS_MAX
    assert memory <= MEMORY_MIB_MAX


@pytest.mark.parametrize("folder", OVERLAYS)
def test_leader_and_standby_are_kept_apart(folder: str) -> None:
    """Neither a node that dies nor one that is drained takes both."""
    budgets = {
        one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"]: one["spec"]
        for one in resources("PodDisruptionBudget", folder)
    }
    for workload in workloads(folder):
        name, replicas = workload["metadata"]["name"], workload["spec"].get("replicas", 1)
        if replicas > 1:
            assert "podAntiAffinity" in pod_of(workload)["affinity"], name
            assert budgets[name]["maxUnavailable"] == 1


def test_money_is_traded_on_servers_that_outlive_a_node() -> None:
    """Three NATS servers that hold every stream, and a Postgres of its operator that acknowledges on two disks."""
    live = "overlays/live"
    (bus,) = [one for one in workloads(live) if one["metadata"]["name"] == "nats"]
    assert bus["spec"]["replicas"] == 3
    (environment,) = [
        c["data"] for c in resources("ConfigMap", live) if "OPENSQT_DATA" in c["data"]
    ]
    assert environment["OPENSQT_NATS_REPLICAS"] == "3"
    (cluster,) = resources("Cluster", live)
    assert (cluster["spec"]["instances"], cluster["spec"]["minSyncReplicas"]) == (3, 1)
    assert "postgres" not in {one["metadata"]["name"] for one in workloads(live)}


@pytest.mark.parametrize("profile", ["testnet", "live"])
def test_an_overlay_of_real_hosts_is_refused_for_its_profile_alone(profile: str) -> None:
    """Until code stands behind a profile its processes say so and end; all else in the file is right."""
    path = K8S / "overlays" / profile / "opensqt.toml"
    if Profile(profile) in BUILT_PROFILES:
        assert load(path, {}).desk == profile
    else:
        with pytest.raises(ConfigError, match="is not built and reaches no host"):
            load(path, {})


def test_compose_runs_the_same_processes_under_the_same_locks() -> None:
    """From the same image and the same configuration."""
    compose = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text("utf-8"))
    said = compose["services"]
    assert SERVICES - {"strategy"} <= said.keys()
    for name, service in said.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name in SERVICES:
            assert service["image"].startswith("${OPENSQT_IMAGE"), name
            args = {a["metadata"]["name"]: containers_of(a)[-1]["args"] for a in workloads()}
            assert service["command"] == args[name]


def _secrets(workload: dict[str, Any]) -> set[str]:
    volumes = pod_of(workload).get("volumes", ())
    named = {volume["secret"]["secretName"] for volume in volumes if "secret" in volume}
    for container in containers_of(workload):
        for variable in container.get("env", ()):
            reference = variable.get("valueFrom", {}).get("secretKeyRef", {})
            named |= {reference["name"]} if reference else set()
    return named
