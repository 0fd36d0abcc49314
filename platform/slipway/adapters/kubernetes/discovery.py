"""What a cluster serves, by its own word. Kept in memory; no cache file of a stranger's making is ever read."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slipway.adapters.kubernetes.errors import parsed, translate
from slipway.adapters.kubernetes.transport import Transport
from slipway.ports.clusters import ClusterFacts, ServedKind


def discover(transport: Transport) -> ClusterFacts:
    version = _get(transport, "/version")
    groups: list[tuple[str, list[str]]] = [("", ["v1"])]
    for group in _get(transport, "/apis").get("groups", []):
        preferred = (group.get("preferredVersion") or {}).get("version", "")
        others = [entry["version"] for entry in group.get("versions", []) if entry["version"] != preferred]
        groups.append((group["name"], [preferred, *others] if preferred else others))
    wanted = [(group, one) for group, versions in groups for one in versions]
    with ThreadPoolExecutor(max_workers=8) as pool:
        lists = list(pool.map(lambda pair: _resources(transport, *pair), wanted))
    kinds: dict[tuple[str, str], ServedKind] = {}
    for (group, one), resources in zip(wanted, lists, strict=True):
        for resource in resources:
            key = (group, resource["kind"])
            if "/" in resource["name"]:
                continue
            if key in kinds:
                known = kinds[key]
                kinds[key] = ServedKind(
                    known.group,
                    known.version,
                    known.kind,
                    known.plural,
                    known.namespaced,
                    (*known.versions, one),
                    known.verbs,
                )
                continue
            kinds[key] = ServedKind(
                group,
                one,
                resource["kind"],
                resource["name"],
                bool(resource["namespaced"]),
                (one,),
                frozenset(resource.get("verbs", ())),
            )
    git_version = str(version.get("gitVersion", ""))
    minor = int(re.sub(r"\D", "", str(version.get("minor", "0"))) or 0)
    return ClusterFacts(git_version, minor, kinds, "sandbox" in git_version)


def _resources(transport: Transport, group: str, version: str) -> list[dict[str, Any]]:
    """A group whose aggregated server is down is left out, not an error of everything else."""
    path = f"/apis/{group}/{version}" if group else "/api/v1"
    status, body = transport.call("GET", path)
    return list(parsed(body).get("resources", [])) if status == 200 else []


def _get(transport: Transport, path: str) -> dict[str, Any]:
    status, body = transport.call("GET", path)
    if status != 200:
        raise translate(status, body, what=path)
    answer: dict[str, Any] = parsed(body)
    return answer
