"""The Online Boutique's releases up one by one and down one by one; live equals the release each time."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx

from tests.stacks.stack import RunningStack, running
from tests.stacks.yard import add_cluster, ok

_END = {"succeeded", "failed", "errored", "aborted", "superseded"}


def run(folder: Path, samples: Path, *, kubeconfig: Path | None, originals: Path | None) -> dict[str, Any]:
    """`originals` are releases that this cluster must refuse, nothing applied."""
    files = sorted(samples.glob("v*.yaml"), key=_version)
    steps: list[dict[str, Any]] = []
    with running(folder, kubeconfig=kubeconfig, speed=20) as stack:
        add_cluster(stack, "soak")
        with stack.client() as api:
            place = {"slug": "soak", "clusters": ["soak"], "delivery_mode": "manual", "delete_limit": 100}
            ok(api.post("environments/", json=place))
            ok(api.post("applications/", json={"slug": "boutique"}))
            for file in files:
                _release(api, "boutique", file)
            up = [file.stem for file in files]
            steps += [_go(stack, api, version) for version in (*up, *reversed(up[:-1]))]
            refused = _refusals(api, originals) if originals is not None else None
    return {"releases": up, "steps": steps, "originals": refused}


def _go(stack: RunningStack, api: httpx.Client, version: str) -> dict[str, Any]:
    begun = time.monotonic()
    ended = _roll(api, "boutique", version)
    seconds = round(time.monotonic() - begun, 2)
    if ended["phase"] != "succeeded":
        raise SystemExit(f"{version} ended {ended['phase']}: {ended['end_reason'] or ended['sentence']}")
    target = ended["target"]
    different = json.loads(stack.run("tests.soak.equal", str(target)).splitlines()[-1])
    step = {
        "version": version,
        "phase": ended["phase"],
        "seconds": seconds,
        "plan": ended.get("sentence", ""),
        "different": different,
    }
    print(f"{version}: {step['phase']} in {seconds} s, {len(different)} differences", flush=True)  # noqa: T201  progress
    return step


def _refusals(api: httpx.Client, originals: Path) -> list[dict[str, Any]]:
    ok(api.post("applications/", json={"slug": "originals"}))
    found = []
    for file in sorted(originals.glob("v*.yaml"), key=_version):
        _release(api, "originals", file)
        ended = _roll(api, "originals", file.stem)
        found.append(
            {
                "version": file.stem,
                "phase": ended["phase"],
                "reason": ended["end_reason"],
                "written": ended["first_write_at"] is not None,
            }
        )
    return found


def _release(api: httpx.Client, application: str, file: Path) -> None:
    body = {"version": file.stem, "manifests": file.read_text()}
    ok(api.post(f"applications/{application}/releases/", json=body))


def _roll(api: httpx.Client, application: str, version: str) -> dict[str, Any]:
    wish = {"application": application, "environment": "soak", "release": version}
    rollout = ok(api.post("rollouts/", json=wish))["id"]
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        seen = ok(api.get(f"rollouts/{rollout}/"))
        if seen["phase"] in _END:
            return seen
        time.sleep(0.1)
    raise AssertionError(seen)


def _version(file: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in file.stem.removeprefix("v").split("."))
