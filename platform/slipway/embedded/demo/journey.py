"""The demo's way: a cluster, three environments, an application, and two releases on their way to production."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from slipway.embedded.clusters import ChosenCluster
from slipway.embedded.demo.api import Api, Refused
from slipway.embedded.demo.people import People
from slipway.embedded.demo.samples import Sample
from slipway.embedded.demo.screen import Screen
from slipway.embedded.errors import CannotStart

ENVIRONMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("dev", {"name": "Dev", "delivery_mode": "auto"}),
    ("staging", {"name": "Staging", "delivery_mode": "auto"}),
    (
        "production",
        {
            "name": "Production",
            "production": True,
            "delivery_mode": "approve",
            "approvals_needed": 1,
            # Going back from v0.10.0 removes eleven service accounts: in a demo that asks for no typed number.
            "delete_limit": 20,
        },
    ),
)
_LOOK_SECONDS = 0.4
_BEGIN_SECONDS = 120  # until an automatic rollout has begun
_STILL_SECONDS = 900  # without anything new; a rollout's own deadline comes long before


class DemoFailed(CannotStart):
    """What did not go as it should, in one sentence."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One environment's end of the way."""

    environment: str
    version: str
    seconds: float
    verdict: str


@dataclass(slots=True)
class Journey:
    api: Api
    people: People
    cluster: ChosenCluster
    screen: Screen
    namespace_template: str

    @property
    def cluster_slug(self) -> str:
        return "sandbox" if self.cluster.is_sandbox else "cluster"

    async def add_cluster(self) -> int:
        """Answers its Kubernetes version after the 1. Credentials that changed (another port) are renewed."""
        owner, slug = self.people.owner, self.cluster_slug
        kubeconfig = self.cluster.kubeconfig.read_text()
        found = await self.api.find(owner, f"clusters/{slug}/")
        if found is None:
            name = "Sandbox" if self.cluster.is_sandbox else "Cluster"
            await self.api.post(owner, "clusters/", slug=slug, name=name, kubeconfig=kubeconfig)
        elif found["server"] not in kubeconfig:
            await self.api.patch(owner, f"clusters/{slug}/", kubeconfig=kubeconfig)
        checked = await self.api.post(owner, f"clusters/{slug}/check/")
        if checked["reachability"] != "reachable":
            raise DemoFailed(f"The cluster does not answer: {checked['sentence']}")
        return _minor(checked["version"])

    async def make_environments(self) -> None:
        for slug, policy in ENVIRONMENTS:
            if await self.api.find(self.people.owner, f"environments/{slug}/") is None:
                await self.api.post(
                    self.people.owner,
                    "environments/",
                    slug=slug,
                    clusters=[self.cluster_slug],
                    namespace_template=self.namespace_template,
                    **policy,
                )

    async def make_application(self, sample: Sample) -> None:
        if await self.api.find(self.people.owner, f"applications/{sample.slug}/") is None:
            await self.api.post(
                self.people.owner,
                "applications/",
                slug=sample.slug,
                name=sample.name,
                repository=sample.repository,
            )

    async def has_release(self, sample: Sample, manifests: Path) -> bool:
        path = f"applications/{sample.slug}/releases/{manifests.stem}/"
        return await self.api.find(self.people.developer, path) is not None

    async def make_release(self, sample: Sample, manifests: Path) -> None:
        """The same release twice is the same release."""
        await self.api.post(
            self.people.developer,
            f"applications/{sample.slug}/releases/",
            version=manifests.stem,
            manifests=manifests.read_text(),  # noqa: ASYNC240  a few kilobytes
            notes="From the demo's sample manifests." + (f" {sample.note}" if sample.note else ""),
        )

    async def follow(self, sample: Sample, version: str, *, approve: bool) -> bool:
        """From environment to environment. False: it waits for an approval that is not the demo's to give."""
        for environment, _ in ENVIRONMENTS:
            if not await self._arrive(sample, version, environment, approve=approve):
                return False
        return True

    async def arrivals(self, sample: Sample, version: str) -> list[Arrival]:
        """Raises DemoFailed where something else is live, or it is not healthy."""
        targets = {
            target["environment"]: target
            for target in await self.api.items(self.people.viewer, "targets/", application=sample.slug)
        }
        arrivals = []
        for environment, _ in ENVIRONMENTS:
            target = targets.get(environment)
            live = (target or {}).get("live") or {}
            rollout = await self._rollout(sample, version, environment)
            if target is None or rollout is None or live.get("version") != version:
                raise DemoFailed(
                    f"{environment} runs {live.get('version') or 'nothing'} and not {sample.slug} {version}."
                )
            if target["health"] not in {"healthy", "unknown"}:
                raise DemoFailed(f"{environment} is {target['health']}.")
            arrivals.append(Arrival(environment, version, _seconds(rollout), "healthy"))
        return arrivals

    async def _arrive(self, sample: Sample, version: str, environment: str, *, approve: bool) -> bool:
        loop = asyncio.get_running_loop()
        patience, seen = loop.time() + _BEGIN_SECONDS, (0, 0)
        while True:
            rollout = await self._rollout(sample, version, environment)
            if rollout is not None:
                self.screen.rollout(sample.slug, version, environment, rollout)
                if rollout["phase"] == "succeeded":
                    return True
                if rollout["ended_at"]:
                    why = rollout["end_reason"] or rollout["sentence"]
                    raise DemoFailed(f"{sample.slug} {version} {rollout['phase']} in {environment}: {why}")
                if _waits_for_approval(rollout):
                    if not approve:
                        return False
                    await self._approve(rollout)
                now = (rollout["number"], rollout["event_number"])
                if now != seen:
                    seen, patience = now, loop.time() + _STILL_SECONDS
            if loop.time() > patience:
                what = rollout["sentence"] if rollout else "no rollout began"
                raise DemoFailed(f"{sample.slug} {version} does not go on in {environment}: {what}")
            await asyncio.sleep(_LOOK_SECONDS)

    async def _approve(self, rollout: dict[str, Any]) -> None:
        """As the second person. A plan that was made anew meanwhile is looked at again."""
        try:
            await self.api.post(
                self.people.releaser,
                f"rollouts/{rollout['id']}/approvals/",
                plan_digest=rollout["plan_digest"],
                approved=True,
                comment="Approved by the demo, as the second person.",
            )
        except Refused as refusal:
            if refusal.status != 409:
                raise
        else:
            self.screen.say(f"{self.people.releaser.name} approves it for {rollout['environment']}")

    async def _rollout(self, sample: Sample, version: str, environment: str) -> dict[str, Any] | None:
        """The newest that puts this release there."""
        found = await self.api.items(
            self.people.viewer,
            "rollouts/",
            application=sample.slug,
            environment=environment,
            release=version,
        )
        return found[0] if found else None


def _waits_for_approval(rollout: dict[str, Any]) -> bool:
    return (
        rollout["phase"] == "waiting"
        and bool(rollout["plan_digest"])
        and any(
            reason["gate"].startswith("approval") and reason["answer"] == "wait"
            for reason in rollout["reasons"]
        )
    )


def _seconds(rollout: dict[str, Any]) -> float:
    begun = datetime.fromisoformat(rollout["slot_at"] or rollout["created_at"])
    ended = rollout["ended_at"]
    return (datetime.fromisoformat(ended) - begun).total_seconds() if ended else 0.0


def _minor(version: str) -> int:
    """`v1.20.2` → 20"""
    digits = version.partition(".")[2].partition(".")[0]
    return int(digits) if digits.isdecimal() else 0
