"""`make soak`: kills by the hundred, every release of the Online Boutique up and down; var/soak.json and a table."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.results import machine
from tests.soak import boutique, kills
from tests.stacks.stack import CHECKOUT


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    named = os.environ.get("SLIPWAY_TEST_KUBECONFIG")
    parser.add_argument("--kubeconfig", type=Path, default=Path(named) if named else None)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=["sandbox", "real", "kills"])
    options = parser.parse_args()
    samples = Path(os.environ.get("SLIPWAY_SAMPLES", ""))
    found: dict[str, Any] = {"machine": machine()}
    with tempfile.TemporaryDirectory(prefix="slipway-soak-") as folder:
        if "sandbox" in options.only:
            found["sandbox"] = boutique.run(
                Path(folder) / "sandbox", samples / "online-boutique", kubeconfig=None, originals=None
            )
        if "real" in options.only and options.kubeconfig is not None:
            found["real"] = boutique.run(
                Path(folder) / "real",
                samples / "online-boutique-k8s-1.20",
                kubeconfig=options.kubeconfig,
                originals=samples / "online-boutique",
            )
        if "kills" in options.only:
            found["kills"] = kills.run(Path(folder) / "kills", options.kills)
    path = CHECKOUT / "var" / "soak.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")
    print(_table(found))  # noqa: T201  the command's answer
    return 0 if _holds(found) else 1


def _table(found: dict[str, Any]) -> str:
    lines = []
    for name in ("sandbox", "real"):
        if name not in found:
            lines.append(f"{name:<8} not run")
            continue
        steps = found[name]["steps"]
        good = [step for step in steps if step["phase"] == "succeeded" and not step["different"]]
        seconds = sorted(step["seconds"] for step in steps)
        lines.append(
            f"{name:<8} {len(good)} of {len(steps)} steps live equal to the release, "
            f"median {seconds[len(seconds) // 2]:.1f} s, worst {seconds[-1]:.1f} s"
        )
        lines += [
            f"         {refused['version']} original: {refused['phase']}, written: {refused['written']}"
            for refused in found[name]["originals"] or ()
        ]
    if "kills" in found:
        run = found["kills"]
        lines.append(
            f"kills    {run['survived']} of {run['kills']} survived (seeds from {run['first_seed']}), median "
            f"{run['seconds_median']} s, worst {run['seconds_worst']} s; audit sound: {run['audit_sound']}"
        )
    return "\n".join(lines)


def _holds(found: dict[str, Any]) -> bool:
    kinds = [found[name] for name in ("sandbox", "real") if name in found]
    equal = all(
        step["phase"] == "succeeded" and not step["different"] for kind in kinds for step in kind["steps"]
    )
    refused = all(
        one["phase"] == "failed" and not one["written"] for kind in kinds for one in kind["originals"] or ()
    )
    killed = found.get("kills", {"broken": [], "audit_sound": True})
    return equal and refused and not killed["broken"] and bool(killed["audit_sound"])


if __name__ == "__main__":
    sys.exit(main())
