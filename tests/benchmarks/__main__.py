"""`make bench`: prints a table and writes var/bench.json."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import home, live, pages, painting, reading, results, rollouts, starting, streams
from tests.stacks.stack import CHECKOUT, running
from tests.stacks.yard import add_cluster


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    named = os.environ.get("SLIPWAY_TEST_KUBECONFIG")
    parser.add_argument("--kubeconfig", type=Path, default=Path(named) if named else None)
    parser.add_argument("--real-nodes", action="store_true", help="the cluster's nodes run real containers")
    parser.add_argument(
        "--only",
        nargs="*",
        default=["starting", "rollouts", "live", "streams", "reading", "home", "painting", "pages"],
    )
    options = parser.parse_args()
    real_nodes = options.real_nodes or os.environ.get("SLIPWAY_TEST_NODES") == "real"
    found: list[results.Result] = []
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        if "starting" in options.only:
            found += starting.measure(Path(folder) / "starting")
        with running(Path(folder) / "stack", kubeconfig=options.kubeconfig) as stack:
            add_cluster(stack, "bench")
            if "rollouts" in options.only:
                found += rollouts.measure(stack, real_nodes=real_nodes)
            if "live" in options.only:
                found += live.measure(stack)
            if "pages" in options.only:
                found += pages.measure(stack)
            if "streams" in options.only:
                found += streams.measure(stack)
            if "reading" in options.only:
                found += reading.measure(stack)
            if "home" in options.only:
                found += home.measure(stack)
            if "painting" in options.only:
                found += painting.measure(stack)
    cluster = (
        "sandbox" if options.kubeconfig is None else "real nodes" if real_nodes else "a real control plane"
    )
    results.write(found, CHECKOUT / "var" / "bench.json", facts={"cluster": cluster})
    print(results.table(found))  # noqa: T201  the command's answer
    print("\nwritten to var/bench.json")  # noqa: T201  same
    return 0


if __name__ == "__main__":
    sys.exit(main())
