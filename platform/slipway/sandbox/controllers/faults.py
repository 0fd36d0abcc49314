"""Declared faults: what a simulated container does, by an annotation of its pod or by its image's name.

The names are those of the fake nodes in the tests' real control plane, so that one suite runs on both:
`bad`, `missing`, `nope`, `no-such`, `nonexistent`, `doesnotexist`, `invalid` cannot be pulled; `crash` ends with 1;
`unready`, `never-ready` never gets ready; `slow` takes five seconds; `fail` ends a Job's pod with 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from slipway.sandbox.store import Manifest

ANNOTATION = "sandbox.slipway.dev/fault"
_SLOW_SECONDS = 5.0
_BAD = re.compile(r"(^|[^a-z])(bad|missing|nope|no-such|nonexistent|does-?not-?exist|invalid)")


class Fault(StrEnum):
    NONE = "none"
    IMAGE_MISSING = "image-missing"
    CRASH_LOOP = "crash-loop"
    NEVER_READY = "never-ready"
    SLOW_START = "slow-start"  # or slow-start=SECONDS
    FAILING_PROBE = "failing-probe"  # ready at first, then its liveness probe fails and it is restarted
    FAILS = "fails"  # a pod that is meant to end ends with 1
    UNSCHEDULABLE = "unschedulable"  # no node takes it


@dataclass(frozen=True, slots=True)
class Behaviour:
    fault: Fault
    seconds: float = 0.0


def behaviour(pod: Manifest, image: str) -> Behaviour:
    declared = (pod["metadata"].get("annotations") or {}).get(ANNOTATION, "")
    if declared:
        word, _, number = declared.partition("=")
        if word in set(Fault):
            seconds = float(number) if re.fullmatch(r"\d+(\.\d+)?", number) else _SLOW_SECONDS
            return Behaviour(Fault(word), seconds if word == Fault.SLOW_START else 0.0)
    name = image.rsplit("/", 1)[-1].split("@", maxsplit=1)[0].lower()
    if _BAD.search(name):
        return Behaviour(Fault.IMAGE_MISSING)
    for word, fault in (
        ("crash", Fault.CRASH_LOOP),
        ("never-ready", Fault.NEVER_READY),
        ("unready", Fault.NEVER_READY),
        ("slow", Fault.SLOW_START),
        ("fail", Fault.FAILS),
    ):
        if word in name:
            return Behaviour(fault, _SLOW_SECONDS if fault is Fault.SLOW_START else 0.0)
    return Behaviour(Fault.NONE)


def is_unschedulable(pod: Manifest) -> bool:
    return (pod["metadata"].get("annotations") or {}).get(ANNOTATION) == Fault.UNSCHEDULABLE
