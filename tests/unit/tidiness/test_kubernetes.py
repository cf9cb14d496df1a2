"""What is deployed renders, validates, runs every service, and obeys the same law as the code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from opensqt.runtime.bus.streams import DISK_BYTES_MAX
from opensqt.runtime.config.all import load
from tests.tidiness.rendered import (
    K8S,
    OVERLAYS,
    SERVICES,
    containers_of,
    pod_of,
    rendered,
    resources,
    tool,
    workloads,
)
from tests.tidiness.source import ROOT

REACH_A_VENUE = {"executor", "market-data"}


@pytest.mark.parametrize("folder", ["base", *OVERLAYS])
def test_it_renders_and_validates_strictly(folder: str, tmp_path: Path) -> None:
    """Every resource is known to Kubernetes and has no field that it does not know."""
    page = tmp_path / "rendered.yaml"
    page.write_text(rendered(folder), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "kubernetes_validate", "--strict", "--quiet", str(page)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_is_deployed_with_service_and_account() -> None:
    """Each of the nine has a workload, a Service and a ServiceAccount of its name."""
    for kinds in ({"Deployment", "StatefulSet"}, {"Service"}, {"ServiceAccount"}):
        named = {r["metadata"]["name"] for r in resources() if r["kind"] in kinds}
        assert named >= SERVICES, kinds
    folders = {
        path.parent.name.replace("_", "-") for path in (ROOT / "services").glob("*/service.py")
    }
    assert folders <= SERVICES


def test_only_the_executor_is_a_stateful_service_beside_the_relay() -> None:
    """The kill latch and the archive need a disk; the executor has a standby."""
    stateful = {r["metadata"]["name"]: r["spec"]["replicas"] for r in resources("StatefulSet")}
    assert stateful == {"executor": 2, "relay": 2, "nats": 1, "postgres": 1, "venue": 1}


def test_every_command_is_a_module_that_exists() -> None:
    """What a container is told to run is there."""
    missing = []
    for workload in workloads("overlays/live") + workloads():
        for container in containers_of(workload):
            module = Path(str(container["args"][0]).replace(".", "/"))
            there = (ROOT / module).with_suffix(".py").exists() or (
                ROOT / module / "__main__.py"
            ).exists()
            if container["image"].startswith("opensqt:") and not there:
                missing.append(str(module))
    assert missing == []


def test_every_service_is_probed() -> None:
    """Start-up and readiness ask whether it has recovered, liveness whether it goes on."""
    for workload in workloads():
        if workload["metadata"]["name"] not in SERVICES:
            continue
        (container,) = pod_of(workload)["containers"]
        assert {"name": "health", "containerPort": 8080} in container["ports"]
        probes = {
            kind: container[kind]["httpGet"]
            for kind in ("startupProbe", "readinessProbe", "livenessProbe")
        }
        assert probes == {
            "startupProbe": {"path": "/readyz", "port": "health"},
            "readinessProbe": {"path": "/readyz", "port": "health"},
            "livenessProbe": {"path": "/healthz", "port": "health"},
        }


def test_the_bus_has_room_for_its_streams() -> None:
    """The server's limit holds all streams when they are full, and fits on its volume."""
    (conf,) = [c["data"]["nats.conf"] for c in resources("ConfigMap") if "nats.conf" in c["data"]]
    store = re.search(r"max_file_store: (\d+)GB", conf)
    (bus,) = [one for one in workloads() if one["metadata"]["name"] == "nats"]
    (claim,) = bus["spec"]["volumeClaimTemplates"]
    volume = re.fullmatch(r"(\d+)Gi", claim["spec"]["resources"]["requests"]["storage"])
    assert store is not None
    assert volume is not None
    assert DISK_BYTES_MAX < int(store[1]) * 10**9 < int(volume[1]) * 2**30


def test_nobody_talks_to_anybody_unless_said() -> None:
    """All pods are denied both ways, and in paper no rule leads out of the cluster."""
    policies = {policy["metadata"]["name"]: policy["spec"] for policy in resources("NetworkPolicy")}
    assert policies["deny-all"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    peers = [peer for p in policies.values() for rule in p.get("egress", ()) for peer in rule["to"]]
    assert all("ipBlock" not in peer for peer in peers)


def test_only_the_gateway_reaches_those_who_are_told() -> None:
    """The component for alerts opens one way out, for one service."""
    text = (K8S / "components/alert-egress/network-policy.yaml").read_text(encoding="utf-8")
    policy = yaml.safe_load(text)["spec"]
    assert policy["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "gateway"}}
    assert [rule["ports"] for rule in policy["egress"]] == [[{"port": 443}]]


@pytest.mark.parametrize(
    "policy, folder",
    [
        ("to-venue", "overlays/paper"),
        ("to-venues", "components/venue-egress"),
    ],
)
def test_only_two_services_reach_a_venue(policy: str, folder: str) -> None:
    """The import law, on the wire."""
    text = (K8S / folder / "network-policy.yaml").read_text(encoding="utf-8")
    specs = {p["metadata"]["name"]: p["spec"] for p in yaml.safe_load_all(text)}
    (expression,) = specs[policy]["podSelector"]["matchExpressions"]
    assert expression["operator"] == "In"
    assert set(expression["values"]) == REACH_A_VENUE


def test_the_configuration_is_one_that_services_accept() -> None:
    """The desk in the base is read by the reader that every service uses."""
    assert load(K8S / "base" / "opensqt.toml", {}).desk == "paper"


def test_the_dockerfile_is_linted() -> None:
    """Hadolint finds nothing."""
    done = subprocess.run(
        [tool("hadolint"), "--no-color", str(ROOT / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
