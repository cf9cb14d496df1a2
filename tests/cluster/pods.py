"""Runs the containers of a rendered overlay on a Docker engine, as a kubelet would: users, locks, mounts, probes.

Not shown by it: the API server, schedulers, network policies. Names lead to pods as Services do.
"""

import asyncio
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from tests.cluster import docker
from tests.cluster.manifests import Mount, Overlay, PodContainer, Resource
from tests.conditions import until

STARTED_S_MAX = 240.0
ASK = aiohttp.ClientTimeout(total=3)


class Cluster:
    """The pods of one overlay; an asynchronous context manager that leaves nothing behind."""

    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay
        self._name = f"opensqt-{uuid.uuid4().hex[:8]}"
        # Claims belong to root and a group, as those of a node do.
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self._name}-"))
        self.folder.chmod(0o711)
        self._pods: dict[str, list[PodContainer]] = {}

    async def __aenter__(self) -> Self:
        """Make the network; nothing runs yet."""
        await asyncio.to_thread(docker.run, "network", "create", self._name)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove every container, the network and all that was written."""
        names = docker.output("ps", "--all", "--quiet", "--filter", f"network={self._name}").split()
        if names:
            await asyncio.to_thread(docker.run, "rm", "--force", *names)
        docker.run("network", "rm", self._name)
        shutil.rmtree(self.folder, ignore_errors=True)

    async def apply(self, workloads: Sequence[Resource]) -> None:
        """Start all pods at once, as `kubectl apply` does: they wait for each other."""
        pods = [pod for one in workloads for pod in self.overlay.containers(one)]
        await asyncio.gather(*(self._start(pod) for pod in pods))

    async def roll(self, overlay: Overlay, workload: Resource) -> None:
        """Replace the pods of a workload one by one, the last first, each ready before the next is touched."""
        self.overlay = overlay
        for pod in reversed(overlay.containers(workload)):
            await self.stop(pod[0].pod)
            await self._start(pod)
            await self.ready(pod[0].pod)

    async def stop(self, pod: str) -> None:
        """End a pod as the kubelet does: a signal, its grace, and then for good."""
        for one in self._pods.pop(pod):
            if not one.is_init:
                grace = str(one.grace_s)
                await asyncio.to_thread(docker.run, "stop", "--time", grace, self._id(one))
                await asyncio.to_thread(docker.run, "rm", self._id(one))

    async def ready(self, *pods: str) -> None:
        """Wait until these pods, or all, answer their start-up and readiness probes."""
        for pod in pods or tuple(self._pods):
            for one in self._pods[pod]:
                for kind in () if one.is_init else ("startupProbe", "readinessProbe"):
                    await self._passes(one, kind)

    async def alive(self, pod: str) -> bool:
        """Tell whether the liveness probe of a pod passes."""
        one = self._pods[pod][-1]
        return await self._probe(one, one.probes["livenessProbe"])

    async def exec(self, pod: str, *words: str, stdin: bytes = b"") -> tuple[int, str]:
        """Run a command in a pod as `kubectl exec` does; return its exit code and what it printed."""
        one = self._pods[pod][-1]
        done = await asyncio.to_thread(
            docker.run, "exec", "--interactive", self._id(one), *words, stdin=stdin, check=False
        )
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def inspect(self, pod: str) -> dict[str, Any]:
        """Return what the engine knows of a pod's container."""
        found: list[dict[str, Any]] = json.loads(
            docker.output("inspect", self._id(self._pods[pod][-1]))
        )
        return found[0]

    def pods(self) -> list[PodContainer]:
        """Return the containers that run, without those that came first."""
        return [one for pod in self._pods.values() for one in pod if not one.is_init]

    async def _start(self, pod: list[PodContainer]) -> None:
        self._pods[pod[0].pod] = pod
        for one in pod:
            if one.is_init:
                # It is tried again until it is done, as a pod's first containers are.
                async def is_done(container: PodContainer = one) -> bool:
                    words = ["run", "--rm", *self._words(container)]
                    done = await asyncio.to_thread(docker.run, *words, check=False)
                    return done.returncode == 0

                await until(is_done, within_s=STARTED_S_MAX, poll_s=1.0)
            else:
                words = ["run", "--detach", "--restart", "unless-stopped", *self._words(one)]
                await asyncio.to_thread(docker.run, *words)

    def _id(self, one: PodContainer) -> str:
        return f"{self._name}-{one.pod}-{one.name}"

    def _words(self, one: PodContainer) -> list[str]:
        """Return the words of `docker run` that give a container what its manifest says."""
        words = ["--name", self._id(one), "--network", self._name, "--hostname", one.pod]
        words += ["--network-alias", one.workload] if not one.is_init else []
        words += ["--user", f"{one.user}:{one.group}", "--group-add", str(one.fs_group)]
        words += ["--memory", str(one.memory), "--memory-swap", str(one.memory)]
        words += ["--read-only"] if one.read_only else []
        words += [word for drop in one.drop for word in ("--cap-drop", drop)]
        words += ["--security-opt", "no-new-privileges"] if one.no_new_privileges else []
        for name, value in one.env.items():
            words += ["--env", f"{name}={value}"]
        for mount in sorted(one.mounts, key=lambda mount: mount.path):
            place = self._folder_of(one, mount)
            words += ["--volume", f"{place}:{mount.path}{':ro' if mount.read_only else ''}"]
        return [*words, one.image, *one.args]

    def _folder_of(self, one: PodContainer, mount: Mount) -> Path:
        """Return the folder behind a mount: root's, and the pod's group's, as the kubelet leaves it."""
        own = f"{one.pod}-{one.name}{mount.path.replace('/', '-')}"
        place = self.folder / (mount.claim or own)
        if mount.empty:
            shutil.rmtree(place, ignore_errors=True)
        if not place.exists():
            place.mkdir()
            for name, content in (mount.files or {}).items():
                (place / name).write_bytes(content)
                os.chown(place / name, 0, one.fs_group)
                (place / name).chmod(mount.mode)
            os.chown(place, 0, one.fs_group)
            place.chmod(0o2777 if mount.empty else 0o2775)
        return place

    async def _passes(self, one: PodContainer, kind: str) -> None:
        probe = one.probes[kind]

        async def passes() -> bool:
            return await self._probe(one, probe)

        try:
            await until(passes, within_s=STARTED_S_MAX, poll_s=0.5)
        except TimeoutError as error:
            said = docker.run("logs", "--tail", "20", self._id(one), check=False)
            text = (said.stdout + said.stderr).decode(errors="replace")
            raise AssertionError(f"{one.pod} fails its {kind}: {text}") from error

    async def _probe(self, one: PodContainer, probe: Resource) -> bool:
        if "exec" in probe:
            done = await asyncio.to_thread(
                docker.run, "exec", self._id(one), *probe["exec"]["command"], check=False
            )
            return done.returncode == 0
        http = probe["httpGet"]
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        host = docker.run("inspect", "--format", template, self._id(one), check=False)
        address = host.stdout.decode().strip()
        scheme = http.get("scheme", "HTTP").lower()
        url = f"{scheme}://{address}:{one.ports[http['port']]}{http['path']}"
        headers = {header["name"]: header["value"] for header in http.get("httpHeaders", ())}
        try:
            async with (
                aiohttp.ClientSession(timeout=ASK) as session,
                session.get(url, headers=headers, ssl=False) as answer,
            ):
                return answer.status < 400
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
