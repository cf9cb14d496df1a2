"""The manifests as kustomize renders them, for whoever judges or runs them. Judges nothing."""

import functools
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import yaml

from tests.tidiness.source import ROOT

K8S = ROOT / "deploy" / "k8s"
OVERLAYS = ("overlays/paper", "overlays/testnet", "overlays/live")
WORKLOADS = {"Deployment", "StatefulSet", "CronJob"}
SERVICES = {"arb", "executor", "gateway", "grid", "market-data", "reconciler", "relay", "risk"}
SERVICES |= {"strategy"}  # of any other kind


def tool(name: str) -> str:
    """Return a command that came with the development requirements."""
    return str(Path(sysconfig.get_path("scripts")) / name)


@functools.cache
def rendered(folder: str) -> str:
    """Return what kustomize makes of a folder."""
    done = subprocess.run(
        [tool("kubectl"), "kustomize", str(K8S / folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def resources(kind: str = "", folder: str = "overlays/paper") -> list[dict[str, Any]]:
    """Return the resources of an overlay, all or of one kind."""
    everything: list[dict[str, Any]] = list(yaml.safe_load_all(rendered(folder)))
    return [resource for resource in everything if kind in {"", resource["kind"]}]


def workloads(folder: str = "overlays/paper") -> list[dict[str, Any]]:
    """Return everything that runs pods."""
    return [resource for resource in resources(folder=folder) if resource["kind"] in WORKLOADS]


def pod_of(workload: dict[str, Any]) -> dict[str, Any]:
    """Return the pod that a workload makes."""
    spec = workload["spec"]
    pod: dict[str, Any] = spec.get("jobTemplate", {"spec": spec})["spec"]["template"]["spec"]
    return pod


def containers_of(workload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all containers of a pod, those that come first among them."""
    pod = pod_of(workload)
    return [*pod.get("initContainers", ()), *pod["containers"]]
