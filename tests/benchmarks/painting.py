"""One pod of 500 changes: from the frame on the socket to the page's DOM, in a real browser, and what rendering and
pushing it costs the server. The pods are the cluster's own, and the change comes from there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

from slipway.adapters.kubernetes import KubernetesClusters
from slipway.adapters.kubernetes.transport import Transport
from tests.benchmarks.results import Result, percentile
from tests.people import PASSWORD
from tests.requirements import chromium
from tests.stacks.stack import RunningStack
from tests.stacks.yard import kubectl, ok

SERVICES, REPLICAS, CHANGES = 20, 25, 30
_APPLICATION = _ENVIRONMENT = "painted"
_NAMESPACE = "painted-painted"
_MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web-{number:02}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web-{number:02}}}}}
  template:
    metadata: {{labels: {{app: web-{number:02}}}}}
    spec: {{containers: [{{name: web, image: "registry.local/web:v1"}}]}}
"""

# The listener stands before the page's own, so that a frame's time is taken before anything is done with it.
_WATCH = """
(() => {
  const Plain = WebSocket;
  const painted = { frames: [], done: new Map() };
  window.painted = painted;
  window.WebSocket = class extends Plain {
    constructor(...address) {
      super(...address);
      this.addEventListener("message", ({ data }) => {
        const at = performance.now();
        if (data.includes('"fragments"')) painted.frames.push({ at, size: data.length, data });
      });
    }
  };
  window.watchFor = (id, words) => new Promise((resolve) => {
    const see = () => {
      const pod = document.getElementById(id);
      if (!pod?.getAttribute("aria-label")?.includes(words)) return false;
      const dom = performance.now();
      const frame = painted.frames.findLast(({ data }) => data.includes(words));
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() =>
        resolve({ dom: dom - frame.at, paint: performance.now() - frame.at, size: frame.size })));
      return true;
    };
    const observer = new MutationObserver(see);
    observer.observe(document, { subtree: true, childList: true, attributes: true });
  });
})();
"""


def measure(stack: RunningStack) -> list[Result]:
    rollout = _a_rollout_that_bakes(stack)
    listed = kubectl(stack, "get", "pods", "--namespace", _NAMESPACE, "--output", "json")
    pods = [(pod["metadata"]["name"], pod["metadata"]["uid"]) for pod in json.loads(listed)["items"]]
    assert len(pods) == SERVICES * REPLICAS, len(pods)
    with sync_playwright() as playwright, _pod_status(stack) as set_restarts:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.add_init_script(_WATCH)
            _open(page, stack, rollout)
            seen = [_one_change(page, set_restarts, pods, number) for number in range(CHANGES)]
        finally:
            browser.close()
    cost = json.loads(stack.run("tests.benchmarks.rendering", str(rollout)).splitlines()[-1])
    with stack.client() as api:
        ok(api.post(f"rollouts/{rollout}/stop/", json={}))
    number = SERVICES * REPLICAS
    dom, paint = ([found[name] for found in seen] for name in ("dom", "paint"))
    return [
        Result(
            f"one of {number} pods: socket frame to DOM, p95",
            percentile(dom, 0.95),
            "ms",
            None,
            "≤ 100 ms",
            percentile(dom, 0.95) <= 100,
            f"p50 {percentile(dom, 0.5):.1f} ms; frame of {max(found['size'] for found in seen) / 1000:.1f} KB at most",
        ),
        Result(
            f"one of {number} pods: socket frame to the next painted picture, p95",
            percentile(paint, 0.95),
            "ms",
            None,
            "≤ 100 ms",
            percentile(paint, 0.95) <= 100,
            f"p50 {percentile(paint, 0.5):.1f} ms",
        ),
        Result(
            f"rendering a change of one of {number} pods, processor time p50",
            cost["processor_ms"],
            "ms",
            note=f"{cost['wall_ms']:.0f} ms with its queries; "
            f"{cost['fragments']} fragments, {cost['kilobytes']:.0f} KB in all",
        ),
    ]


def _one_change(
    page: Page, set_restarts: Callable[[str, int], None], pods: list[tuple[str, str]], number: int
) -> dict[str, float]:
    name, uid = pods[number * 17 % len(pods)]
    restarts = 1000 + number
    page.evaluate(
        "([id, words]) => { window.awaited = window.watchFor(id, words); }",
        [f"pod-{uid}", f"{restarts} restarts"],
    )
    set_restarts(name, restarts)
    found: dict[str, float] = page.evaluate("() => window.awaited")
    time.sleep(0.3)
    return found


def _open(page: Page, stack: RunningStack, rollout: int) -> None:
    page.goto(f"{stack.url}/accounts/login/")
    page.get_by_label("E-mail").fill("ana@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{stack.url}/o/**")
    page.goto(f"{stack.url}/o/acme/rollouts/{rollout}/")
    page.wait_for_selector("#live[data-state=live]")
    page.wait_for_timeout(1500)  # a page that joins is sent every fragment once


def _a_rollout_that_bakes(stack: RunningStack) -> int:
    manifests = "---".join(_MANIFEST.format(number=number, replicas=REPLICAS) for number in range(SERVICES))
    with stack.client() as api:
        place = {"slug": _ENVIRONMENT, "clusters": ["bench"], "delivery_mode": "manual", "bake_seconds": 3600}
        ok(api.post("environments/", json=place))
        ok(api.post("applications/", json={"slug": _APPLICATION}))
        ok(api.post(f"applications/{_APPLICATION}/releases/", json={"version": "v1", "manifests": manifests}))
        wish = {"application": _APPLICATION, "environment": _ENVIRONMENT, "release": "v1"}
        number = int(ok(api.post("rollouts/", json=wish))["number"])
        deadline = time.monotonic() + 300
        while ok(api.get(f"rollouts/{number}/"))["phase"] != "verifying":
            if time.monotonic() > deadline:
                raise AssertionError(ok(api.get(f"rollouts/{number}/"))["sentence"])
            time.sleep(0.5)
    return number


@contextmanager
def _pod_status(stack: RunningStack) -> Iterator[Any]:
    """A change that a page shows and that no controller puts back."""
    clusters = KubernetesClusters(networks=("127.0.0.0/8",), redaction_key=b"bench")
    transport = Transport(clusters.parse_kubeconfig(stack.kubeconfig.read_text()), ("127.0.0.1",))

    def set_restarts(pod: str, count: int) -> None:
        status, body = transport.call(
            "PATCH",
            f"/api/v1/namespaces/{_NAMESPACE}/pods/{pod}/status",
            body=[{"op": "replace", "path": "/status/containerStatuses/0/restartCount", "value": count}],
            content_type="application/json-patch+json",
        )
        assert status == 200, body

    try:
        yield set_restarts
    finally:
        transport.close()
