"""A rendered overlay as what a kubelet makes of it: containers with user, mounts, environment and probes."""

import base64
import json
import re
from typing import Any

import msgspec
import yaml

Resource = dict[str, Any]


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """One place in a container: files by name, a claim that outlives the pod, or an empty folder that does not."""

    path: str
    files: dict[str, bytes] | None = None
    mode: int = 0o644
    claim: str = ""
    empty: bool = False
    read_only: bool = False


class PodContainer(msgspec.Struct, frozen=True, kw_only=True):
    """One container as it is to run; memory in bytes."""

    pod: str
    workload: str
    name: str
    image: str
    args: list[str]
    env: dict[str, str]
    user: int
    group: int
    fs_group: int
    read_only: bool
    drop: list[str]
    no_new_privileges: bool
    memory: int
    mounts: list[Mount]
    probes: dict[str, Resource]
    ports: dict[str, int]
    grace_s: int
    is_init: bool = False


class Overlay:
    """The resources of one namespace, with the secrets that its generator drew."""

    def __init__(self, text: str, secrets: str) -> None:
        self.resources: list[Resource] = list(yaml.safe_load_all(text))
        self._maps = {
            r["metadata"]["name"]: {k: v.encode() for k, v in r["data"].items()}
            for r in self.of("ConfigMap")
        }
        self._secrets: dict[str, dict[str, bytes]] = {}
        for item in json.loads(secrets)["items"]:
            name, data = item["metadata"]["name"], item["data"]
            if item["kind"] == "ConfigMap":
                self._maps[name] = {k: v.encode() for k, v in data.items()}
            else:
                self._secrets[name] = {k: base64.b64decode(v) for k, v in data.items()}

    def of(self, *kinds: str) -> list[Resource]:
        """Return the resources of these kinds."""
        return [resource for resource in self.resources if resource["kind"] in kinds]

    def containers(self, workload: Resource) -> list[list[PodContainer]]:
        """Return the containers of each pod of a workload, those that come first before the others."""
        name, spec = workload["metadata"]["name"], workload["spec"]
        stateful = workload["kind"] == "StatefulSet"
        pods = [f"{name}-{number}" for number in range(spec["replicas"])]
        found = []
        for pod in pods:
            template = spec["template"]["spec"]
            claims = {c["metadata"]["name"] for c in spec.get("volumeClaimTemplates", ())}
            first = [
                self._container(
                    pod if stateful else f"{pod}-pod", name, template, claims, one, is_init=True
                )
                for one in template.get("initContainers", ())
            ]
            found.append(
                first
                + [
                    self._container(pod if stateful else f"{pod}-pod", name, template, claims, one)
                    for one in template["containers"]
                ]
            )
        return found

    def _container(
        self,
        pod: str,
        workload: str,
        spec: Resource,
        claims: set[str],
        one: Resource,
        *,
        is_init: bool = False,
    ) -> PodContainer:
        context, locked = spec["securityContext"], one["securityContext"]
        volumes = {volume["name"]: volume for volume in spec.get("volumes", ())}
        return PodContainer(
            pod=pod,
            workload=workload,
            name=one["name"],
            image=one["image"],
            args=[str(word) for word in one.get("args", ())],
            env=self._environment(pod, one),
            user=context["runAsUser"],
            group=context["runAsGroup"],
            fs_group=context["fsGroup"],
            read_only=locked["readOnlyRootFilesystem"],
            drop=locked["capabilities"]["drop"],
            no_new_privileges=not locked["allowPrivilegeEscalation"],
            memory=in_bytes(one["resources"]["limits"]["memory"]),
            mounts=[
                self._mount(pod, mount, volumes, claims) for mount in one.get("volumeMounts", ())
            ],
            probes={
                k: one[k] for k in ("startupProbe", "readinessProbe", "livenessProbe") if k in one
            },
            ports={port["name"]: port["containerPort"] for port in one.get("ports", ())},
            grace_s=spec.get("terminationGracePeriodSeconds", 30),
            is_init=is_init,
        )

    def _environment(self, pod: str, one: Resource) -> dict[str, str]:
        found: dict[str, str] = {}
        for source in one.get("envFrom", ()):
            values = self._maps[source["configMapRef"]["name"]]
            found |= {name: value.decode() for name, value in values.items()}
        for variable in one.get("env", ()):
            source = variable.get("valueFrom", {})
            if "value" in variable:
                found[variable["name"]] = variable["value"]
            elif "fieldRef" in source:
                found[variable["name"]] = pod
            elif reference := source.get("secretKeyRef"):
                keys = self._secrets.get(reference["name"], {})
                if reference["key"] in keys or not reference.get("optional"):
                    found[variable["name"]] = keys[reference["key"]].decode()
        return found

    def _mount(
        self, pod: str, mount: Resource, volumes: dict[str, Resource], claims: set[str]
    ) -> Mount:
        path, name, read_only = mount["mountPath"], mount["name"], mount.get("readOnly", False)
        if name in claims:
            return Mount(path=path, claim=f"{name}-{pod}", read_only=read_only)
        volume = volumes[name]
        if "emptyDir" in volume:
            return Mount(path=path, empty=True)
        if "configMap" in volume:
            return Mount(path=path, files=self._maps[volume["configMap"]["name"]], read_only=True)
        secret = volume["secret"]
        keys = self._secrets[secret["secretName"]]
        if items := secret.get("items"):
            keys = {item["path"]: keys[item["key"]] for item in items}
        return Mount(path=path, files=keys, mode=secret["defaultMode"], read_only=True)


def in_bytes(quantity: str) -> int:
    """Return a quantity of Kubernetes (`64Mi`) in bytes."""
    found = re.fullmatch(r"(\d+)(Ki|Mi|Gi)", quantity)
    assert found is not None, quantity
    return int(found[1]) << {"Ki": 10, "Mi": 20, "Gi": 30}[found[2]]
