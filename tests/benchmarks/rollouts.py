"""A 3-replica Deployment, from the request to succeeded, against `kubectl apply` + `kubectl rollout status`."""

from __future__ import annotations

import json
import time
from pathlib import Path

from websockets.sync.client import connect

from tests.benchmarks.results import Result, quartiles
from tests.stacks.stack import RunningStack
from tests.stacks.yard import kubectl, ok

PAIRS = 15
_APPLICATION, _ENVIRONMENT, _PLAIN_NAMESPACE = "triple", "bench", "bench-kubectl"

_MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: triple}}
spec:
  replicas: 3
  selector: {{matchLabels: {{app: triple}}}}
  template:
    metadata: {{labels: {{app: triple}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: registry.local/web:v1
          env: [{{name: RELEASE, value: "{number}"}}]
"""


def measure(stack: RunningStack, *, real_nodes: bool) -> list[Result]:
    _prepare(stack)
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(PAIRS + 1):
        mine = _by_slipway(stack, number)
        plain = _by_kubectl(stack, number)
        if number:  # the first of each creates; what is measured is a change
            ours.append(mine)
            theirs.append(plain)
    added = sorted(mine - plain for mine, plain in zip(ours, theirs, strict=True))
    low, middle, high = quartiles(ours)
    kubectl_low, kubectl_middle, kubectl_high = quartiles(theirs)
    median_added = quartiles(added)[1]
    note = (
        f"Slipway {low:.2f} / {middle:.2f} / {high:.2f} s, kubectl {kubectl_low:.2f} / {kubectl_middle:.2f} / "
        f"{kubectl_high:.2f} s (quartiles of {PAIRS} interleaved pairs)"
    )
    return [
        Result(
            "rollout of 3 replicas, median",
            middle,
            "s",
            kubectl_middle,
            "ratio ≤ 1.15 on real nodes",
            middle / kubectl_middle <= 1.15 if real_nodes else None,
            note,
        ),
        Result("rollout of 3 replicas, added time", median_added, "s", None, "≤ 0.5 s", median_added <= 0.5),
    ]


def _prepare(stack: RunningStack) -> None:
    with stack.client() as api:
        ok(
            api.post(
                "environments/",
                json={"slug": _ENVIRONMENT, "clusters": ["bench"], "delivery_mode": "manual"},
            )
        )
        ok(api.post("applications/", json={"slug": _APPLICATION}))
    kubectl(stack, "create", "namespace", _PLAIN_NAMESPACE)


def _by_slipway(stack: RunningStack, number: int) -> float:
    with stack.client() as api:
        version = f"v{number}"
        body = {"version": version, "manifests": _MANIFEST.format(number=number)}
        ok(api.post(f"applications/{_APPLICATION}/releases/", json=body))
        wish = {"application": _APPLICATION, "environment": _ENVIRONMENT, "release": version}
        begun = time.monotonic()
        rollout = ok(api.post("rollouts/", json=wish))["id"]
    address = f"ws://127.0.0.1:{stack.port}/ws/organizations/acme/rollouts/{rollout}/?after=0"
    with connect(
        address, additional_headers={"Authorization": f"Bearer {stack.tokens['ana']}"}, proxy=None
    ) as socket:
        while True:
            frame = json.loads(socket.recv(timeout=120))
            if frame["type"] == "event" and frame["kind"] == "phase":
                phase = frame["body"]["phase"]
                if phase == "succeeded":
                    return time.monotonic() - begun
                if phase in {"failed", "errored", "aborted", "superseded"}:
                    raise AssertionError(f"the rollout {phase}: {frame['body']}")


def _by_kubectl(stack: RunningStack, number: int) -> float:
    path = Path(stack.folder) / "bench.yaml"
    path.write_text(_MANIFEST.format(number=number))
    begun = time.monotonic()
    kubectl(stack, "apply", "--namespace", _PLAIN_NAMESPACE, "--filename", str(path))
    kubectl(stack, "rollout", "status", "--namespace", _PLAIN_NAMESPACE, "deployment/triple")
    return time.monotonic() - begun
