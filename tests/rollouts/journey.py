"""One application on one cluster, and the sentences in which its journeys are told."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.approvals.services import decide
from apps.audit.models import Activity
from apps.audit.verifying import verify_chain
from apps.clusters.services import connect
from apps.core import scopes
from apps.rollouts.models import Event, JournalEntry, Rollout, TargetRelease
from apps.rollouts.services import starting, steering
from slipway.adapters.kubernetes.cluster import KubernetesCluster
from slipway.engine.objects import Manifest, ObjectKey
from slipway.engine.phases import Kind
from slipway.ports.clusters import Cluster, ClusterError, Propagation
from tests.people import (
    People,
    actor,
    make_application,
    make_cluster,
    make_environment,
    make_release,
    target_of,
)
from tests.rollouts.driver import Driver, of


@dataclass
class Tap:
    """Between the product and the cluster: notes each write, and may do something before or after a call."""

    writes: list[tuple[str, str]] = field(default_factory=list)  # (apply | delete, key)
    before: Callable[[str, str, bool], None] = lambda method, what, writes: None
    after: Callable[[str, str, bool], None] = lambda method, what, writes: None

    def clear(self) -> None:
        self.writes.clear()

    def names(self) -> list[str]:
        return [
            f"{method} {key.split('/')[0].split('.')[0]} {key.split('/')[2]}" for method, key in self.writes
        ]

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for method in ("apply", "delete", "read", "list", "observe"):
            monkeypatch.setattr(
                KubernetesCluster, method, self._wrapped(method, getattr(KubernetesCluster, method))
            )

    def _wrapped(self, method: str, real: Any) -> Any:
        tap = self

        def call(cluster: KubernetesCluster, *arguments: Any, **keywords: Any) -> Any:
            first = arguments[0] if arguments else ""
            what = str(ObjectKey.of(first)) if isinstance(first, dict) else str(first)
            writes = method in {"apply", "delete"} and not keywords.get("dry_run")
            tap.before(method, what, writes)
            answer = real(cluster, *arguments, **keywords)
            if writes:
                tap.writes.append((method, what))
            tap.after(method, what, writes)
            return answer

        return call


@dataclass
class Journey:
    people: People
    driver: Driver
    tap: Tap
    cluster_row: Any
    application: Any
    ana: Any
    bo: Any
    dee: Any
    environments: dict[str, Any] = field(default_factory=dict)

    @property
    def cluster(self) -> Cluster:
        return connect(self.cluster_row)

    @property
    def patience_seconds(self) -> int:
        """Fake nodes try to pull an image once and never again, so only the deadline tells that it is bad."""
        return 600 if self.cluster.facts().simulated else 5

    def environment(self, slug: str = "production", **policy: Any) -> Any:
        made = make_environment(self.ana, slug, [self.cluster_row], **policy)
        self.environments[slug] = made
        return made

    def release(self, version: str, text: str) -> Any:
        if not self.environments:
            self.environment()
        return make_release(self.dee, self.application, version, text)

    def target(self, environment: str = "production") -> Any:
        return target_of(self.ana, self.application, self.environments[environment])

    def namespace(self, environment: str = "production") -> str:
        return str(self.target(environment).namespace)

    def start(
        self,
        release: Any,
        environment: str = "production",
        *,
        by: Any = None,
        kind: Kind = Kind.FORWARD,
        why: str = "",
    ) -> Rollout:
        target = self.target(environment)
        with self.scope():
            begin = starting.roll_back if kind is Kind.ROLLBACK else starting.start_rollout
            keywords = {} if kind is Kind.ROLLBACK else {"kind": kind}
            return begin(by or self.bo, target, release, why=why, **keywords).rollout

    def scope(self) -> Any:
        return scopes.organization(self.people.acme.id)

    def approve(self, rollout: Rollout, *, by: Any = None, approved: bool = True, digest: str = "") -> Any:
        with self.scope():
            digest = digest or of(rollout).plan_digest
            return decide(by or self.ana, rollout.id, plan_digest=digest, approved=approved)

    def steer(self, action: str, rollout: Rollout, *, by: Any = None, **values: Any) -> Rollout:
        with self.scope():
            found: Rollout = getattr(steering, action)(by or self.bo, rollout.id, **values)
            return found

    # ── until ──

    def ended(self, rollout: Rollout, *, seconds: float = 30.0) -> Rollout:
        return self.until(rollout, lambda row: row.ended_at is not None, seconds=seconds, what="its end")

    def succeeded(self, rollout: Rollout, *, seconds: float = 30.0) -> Rollout:
        row = self.ended(rollout, seconds=seconds)
        assert row.phase == "succeeded", f"{row.phase}: {row.end_reason}"
        return row

    def waiting(self, rollout: Rollout) -> Rollout:
        return self.until(
            rollout, lambda row: row.phase == "waiting" and bool(row.reasons), what="waiting with reasons"
        )

    def until(
        self, rollout: Rollout, done: Callable[[Rollout], bool], *, seconds: float = 30.0, what: str = ""
    ) -> Rollout:
        seen = {}

        def look() -> Rollout | None:
            row = seen["row"] = of(rollout)
            return row if done(row) else None

        try:
            found: Rollout = self.driver.until(look, seconds=seconds, what=what)
        except AssertionError as error:
            row = seen.get("row")
            raise AssertionError(f"{row and row.phase}: {row and row.sentence} ({error})") from None
        return found

    def deployed(self, version: str, text: str, environment: str = "production") -> Rollout:
        """Made, started, approved where that is needed, and succeeded."""
        rollout = self.start(self.release(version, text), environment)
        if self.environments[environment].approvals_needed:
            self.waiting(rollout)
            self.approve(rollout)
        return self.succeeded(rollout)

    def way_back_of(self, rollout: Rollout) -> Rollout:
        with self.scope():
            found: Rollout = Rollout.objects.get(undoes_id=rollout.id)
            return found

    # ── what is there ──

    def live(
        self, kind: str, name: str, *, group: str = "", environment: str = "production"
    ) -> Manifest | None:
        return self.cluster.read(ObjectKey(group, kind, self.namespace(environment), name))

    def deployment(self, name: str = "web", environment: str = "production") -> Manifest:
        found = self.live("Deployment", name, group="apps", environment=environment)
        assert found is not None
        return found

    def image(self, name: str = "web", environment: str = "production") -> str:
        return str(self.deployment(name, environment)["spec"]["template"]["spec"]["containers"][0]["image"])

    def names(self, kind: str, *, group: str = "", environment: str = "production") -> list[str]:
        """Of ours, without their suffixes' sake: as they are."""
        listing = self.cluster.list(group, kind, namespace=self.namespace(environment))
        return sorted(
            item["metadata"]["name"]
            for item in listing.items
            if "slipway.dev/owner" in (item["metadata"].get("annotations") or {})
        )

    def plan(self, rollout: Rollout) -> dict[str, str]:
        """Kind and name (without a suffix) → verb, of the newest plan."""
        with self.scope():
            record = rollout.plans.order_by("-number").first()
            assert record is not None
            return {
                ObjectKey.parse(planned["key"]).label: planned["verb"]
                for planned in record.body["plan"]["objects"]
            }

    def kinds(self, rollout: Rollout) -> list[str]:
        """The kinds of its events, in order; numbered from 1 without a gap."""
        with self.scope():
            events = list(Event.objects.filter(rollout_id=rollout.id).order_by("number"))
        assert [event.number for event in events] == list(range(1, len(events) + 1))
        assert of(rollout).event_number == len(events)
        return [
            f"{event.kind}:{event.body['phase']}" if event.kind == "phase" else event.kind for event in events
        ]

    def phases(self, rollout: Rollout) -> list[str]:
        return [kind.partition(":")[2] for kind in self.kinds(rollout) if kind.startswith("phase:")]

    def stretches(self, environment: str = "production") -> list[tuple[str | None, bool]]:
        """(version, still open), oldest first."""
        with self.scope():
            rows = TargetRelease.objects.filter(target_id=self.target(environment).id).order_by("valid_from")
            return [(row.version, row.valid_to is None) for row in rows]

    def activity(self) -> list[str]:
        with self.scope():
            rows = Activity.objects.filter(rollout_id__isnull=False).order_by("number")
            return [f"{row.kind} {row.phase or ''}".strip() for row in rows]

    def differences(self, environment: str = "production") -> list[str]:
        from tests.rollouts.equality import differences

        return differences(self.people.acme.id, self.target(environment).id)

    def journal(self, rollout: Rollout) -> set[str]:
        with self.scope():
            return set(JournalEntry.objects.filter(rollout_id=rollout.id).values_list("state", flat=True))

    def audit_is_sound(self) -> None:
        with self.scope():
            verdict = verify_chain()
        assert verdict.sound, verdict

    def write_by_hand(self, manifest: Manifest, *, manager: str = "somebody", force: bool = True) -> Manifest:
        """Not one of the product's writes."""
        noted = len(self.tap.writes)
        answer = self.cluster.apply(manifest, manager=manager, force=force)
        del self.tap.writes[noted:]
        return answer


@contextmanager
def journey_on(
    kubeconfig: str, people: People, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Journey]:
    ana = actor(people.ana, people.acme)
    row = make_cluster(ana, kubeconfig)
    application = make_application(ana, slug=f"shop-{secrets.token_hex(3)}")
    tap = Tap()
    made = Journey(
        people,
        driver,
        tap,
        row,
        application,
        ana,
        actor(people.bo, people.acme),
        actor(people.dee, people.acme),
    )
    prefix = f"{application.slug}-"
    try:
        with monkeypatch.context() as patch:
            tap.install(patch)
            yield made
    finally:
        for item in made.cluster.list("", "Namespace").items:
            if item["metadata"]["name"].startswith(prefix):
                with suppress(ClusterError):
                    key = ObjectKey("", "Namespace", "", item["metadata"]["name"])
                    made.cluster.delete(key, precondition=None, propagation=Propagation.BACKGROUND)


def shop(
    image: str = "shop/web:1",
    *,
    greeting: str = "hello",
    password: str = "one",  # noqa: S107  of the example
    replicas: int = 2,
    service: bool = True,
    more: str = "",
) -> str:
    """A Deployment that reads a ConfigMap and a Secret, behind a Service."""
    documents = f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: web}}
data: {{greeting: {json.dumps(greeting)}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: web}}
data: {{password: {base64.b64encode(password.encode()).decode()}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - name: web
        image: {image}
        ports: [{{containerPort: 8080}}]
        envFrom:
        - configMapRef: {{name: web}}
        - secretRef: {{name: web}}
"""
    if service:
        documents += """
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
"""
    return documents + (f"---\n{more}" if more else "")


def worker(name: str, image: str = "shop/worker:1") -> str:
    """One more Deployment, of one pod."""
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: {name}, image: {image}}}]}}
"""
