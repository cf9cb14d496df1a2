"""Every container of the paper overlay as it is rendered: until the desk trades, is killed, resumed, rolled, verified.

It needs a Docker engine and root, who gives folders to a pod's group as a kubelet does: `make cluster` installs and
starts one where it can.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster import images
from tests.cluster.manifests import Overlay, Resource
from tests.cluster.pods import Cluster
from tests.conditions import until
from tests.tidiness.source import ROOT

pytestmark = [pytest.mark.docker, pytest.mark.root, pytest.mark.slow]

GATEWAY, LEADERS = "gateway-0-pod", ("executor-0", "executor-1")
FIRST, SECOND = "0.1.0", "0.1.1"
TRADED_S_MAX = 120.0
BUILT = pytest.mark.timeout(1500)


def rendered(tag: str) -> str:
    """Return the paper overlay with the images of this machine, rendered by kustomize from an overlay on top of it."""
    folder = ROOT / "deploy" / "k8s" / "overlays" / f".cluster-{os.getpid()}"
    folder.mkdir()
    try:
        text = (
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../paper]\nimages:\n"
            f"  - {{name: opensqt, newTag: {tag}}}\n"
            f"  - {{name: nats, newName: {images.NATS.partition(':')[0]}, newTag: wheel}}\n"
            f"  - {{name: postgres, newName: {images.POSTGRES.partition(':')[0]}, newTag: wheel}}\n"
        )
        (folder / "kustomization.yaml").write_text(text, encoding="utf-8")
        kubectl = Path(sys.executable).with_name("kubectl")
        done = subprocess.run(
            [kubectl, "kustomize", folder], capture_output=True, text=True, check=True
        )
        return done.stdout
    finally:
        (folder / "kustomization.yaml").unlink()
        folder.rmdir()


def drawn() -> str:
    """Return what the documented generator of secrets prints."""
    words = [sys.executable, "-m", "opensqt.cli", "secrets", "--namespace", "opensqt-paper"]
    return subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT).stdout


class Drill:
    """One desk on a cluster, and what a person at its gateway does with it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.took: dict[str, float] = {}
        self._since_s = time.monotonic()

    def lap(self, name: str) -> None:
        """Note how long the last step took, in wall seconds."""
        now_s = time.monotonic()
        self.took[name] = round(now_s - self._since_s, 1)
        self._since_s = now_s

    async def desk(self, *words: str) -> tuple[int, str]:
        """Say a command in the gateway's pod."""
        return await self.cluster.exec(GATEWAY, "opensqt", *words)

    async def status(self) -> dict[str, object]:
        """Return the last line of `status`."""
        code, said = await self.desk("status", "--json")
        assert code == 0, said
        last: dict[str, object] = json.loads(said.splitlines()[-1])
        return last

    async def count(self, verb: str) -> int:
        """Return how many lines a reading verb prints."""
        code, said = await self.desk(verb, "--json")
        assert code == 0, said
        return len([line for line in said.splitlines() if line.startswith("{")])

    async def grows(self, verb: str) -> None:
        """Wait until there are more lines than now."""
        before = await self.count(verb)

        async def has_grown() -> bool:
            return await self.count(verb) > before

        await until(has_grown, within_s=TRADED_S_MAX, poll_s=1.0)

    async def holds(self, name: str, wanted: Callable[[dict[str, object]], bool]) -> None:
        """Wait until the status says so."""

        async def is_so() -> bool:
            return wanted(await self.status())

        await until(is_so, within_s=TRADED_S_MAX, poll_s=1.0)
        self.lap(name)

    async def verified(self) -> None:
        """Judge the desk by the venue's audit, carried from pod to pod as the documentation says."""
        code, audit = await self.cluster.exec("venue-0", "cat", "/data/venue-audit.jsonl")
        assert code == 0
        script = "cat >/tmp/audit.jsonl && opensqt verify --audit /tmp/audit.jsonl"
        code, said = await self.cluster.exec(GATEWAY, "sh", "-c", script, stdin=audit.encode())
        assert code == 0, said
        assert "verdict: holds" in said


@BUILT
@pytest.mark.row("K12")
async def test_the_rendered_paper_overlay_trades_is_killed_resumed_rolled_and_verified(
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    """As rendered: not root, nothing writable but its mounts, no capability, secrets by mode, memory as limited."""
    images.nats()
    images.postgres()
    first = images.ours(FIRST)
    images.relabelled(first, SECOND)
    secrets = drawn()
    overlay, rolled = Overlay(rendered(FIRST), secrets), Overlay(rendered(SECOND), secrets)
    async with Cluster(overlay) as cluster:
        drill = Drill(cluster)
        drill.lap("images")
        await cluster.apply(_workloads(overlay))
        await cluster.ready()
        drill.lap("ready")
        _are_locked(cluster)
        await drill.grows("fills")
        drill.lap("trades")

        code, said = await drill.desk("kill", "--reason", "drill")
        assert code == 0, said
        assert "KILLED desk: executor-main" in said
        assert "stands by and latched it as well" in said
        await drill.holds("killed", lambda s: s["killed"] is True and s["orders_open"] == 0)
        code, said = await drill.desk("resume")
        assert code == 0, said
        await drill.holds("resumed", lambda s: s["mode"] == "NORMAL" and s["orders_open"] != 0)

        for workload in _workloads(rolled):
            if workload["metadata"]["labels"]["app.kubernetes.io/component"] == "service":
                await cluster.roll(rolled, workload)
        drill.lap("rolled")
        assert {one.image for one in cluster.pods() if one.name == "service"} == {
            f"opensqt:{SECOND}"
        }
        await cluster.ready()
        assert all([await cluster.alive(pod) for pod in LEADERS])
        await drill.grows("fills")
        drill.lap("trades again")
        await drill.verified()
        code, said = await drill.desk("backup", "--to", "/tmp/desk.tar.gz")
        assert code == 0, said
        drill.lap("verified")
        assert not [
            one.pod for one in cluster.pods() if cluster.inspect(one.pod)["State"]["OOMKilled"]
        ]
        record_testsuite_property("overlay_took_s", drill.took)


def _workloads(overlay: Overlay) -> list[Resource]:
    return [one for one in overlay.of("Deployment", "StatefulSet") if one["spec"]["replicas"]]


def _are_locked(cluster: Cluster) -> None:
    """The engine did as it was told: what runs is what the manifests say."""
    for one in cluster.pods():
        host = cluster.inspect(one.pod)["HostConfig"]
        assert host["ReadonlyRootfs"] is True, one.pod
        assert host["CapDrop"] == ["ALL"], one.pod
        assert host["Memory"] == one.memory, one.pod
        assert "no-new-privileges" in host["SecurityOpt"], one.pod
        assert one.user > 0, one.pod
