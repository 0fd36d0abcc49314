"""A sequence of applies, patches and replaces as the real 1.20 server answered it, step by step."""

from __future__ import annotations

from tests.sandbox import recordings
from tests.sandbox.conftest import Client

NEWER = (
    ".creationTimestamp:",
    "internalTrafficPolicy: not recorded",
    "ipFamilies: not recorded",
    "ipFamilyPolicy: not recorded",
    ".f:selector",  # an atomic map since 1.21
    ".f:emptyDir: not recorded",  # an empty struct counts as set since structured-merge-diff 4.1
    ".f:limits.f:memory: not recorded",  # 1024Mi beside a live 1Gi is no change here
    ".f:status: recorded",  # nothing here has written a status
    "clusterIP",
    ".nodePort:",
    "{'f:imagePullSecrets': {}}",  # an empty list that is sent is owned there, left out here
    "f:deployment.kubernetes.io/revision",  # a controller's, which does not run here
)
# 1.20 kept the live order of shared list elements, newer servers take the applied one.
REORDERED = {1, 2, 3, 4}


def test_every_write_of_the_recorded_sequence_ends_as_on_the_real_server(client: Client) -> None:
    client.ok("POST", "/api/v1/namespaces", {"metadata": {"name": "recorded"}})
    problems: list[str] = []
    steps = recordings.load("writes")
    for number, step in enumerate(steps):
        status, answer = client.call(
            step["method"], step["path"], step["body"], content_type=step["content_type"], **step["query"]
        )
        recorded, found = recordings.comparable(step["answer"]), recordings.comparable(answer)
        if number in REORDERED:
            for obj in (recorded, found):
                containers = obj["spec"]["template"]["spec"]["containers"]
                containers.sort(key=lambda one: str(one["name"]))
                for container in containers:
                    container.get("env", []).sort(key=lambda one: str(one["name"]))
        if status != step["status"]:
            problems.append(f"step {number}: recorded status {step['status']}, here {status}: {answer}")
        problems += [
            f"step {number}{line}"
            for line in recordings.differences(recorded, found)
            if not any(known in line for known in NEWER)
        ]
    assert len(steps) == 36
    assert problems == []
