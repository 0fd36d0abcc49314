"""The guided application: what was written, what it holds, and making all of it at once or nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.applications.services import create_application
from apps.clusters.models import Cluster
from apps.core.problems import Invalid
from apps.environments.access import targets_of
from apps.environments.models import Environment
from apps.environments.services import create_environment
from apps.organizations.access import Actor, Right, decide
from apps.releases.services.creation import create_release
from apps.rollouts.models import Rollout
from apps.rollouts.services.starting import start_rollout
from slipway import wiring
from slipway.engine.manifests import images_of
from slipway.engine.objects import ObjectKey
from slipway.ports.sources import BundleProblem

PASTED = "pasted.yaml"
MOST_LISTED = 40
_ENDINGS = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Plain:
    """An environment that is made by one click, and its policy in words."""

    slug: str
    name: str
    words: str
    policy: Mapping[str, object]


PLAIN = (
    Plain("dev", "Dev", "every new release goes there by itself", {"delivery_mode": "auto"}),
    Plain("staging", "Staging", "follows when dev succeeded", {"delivery_mode": "auto"}),
    Plain(
        "production",
        "Production",
        "follows when staging succeeded, and waits for 1 approval",
        {"delivery_mode": "approve", "approvals_needed": 1, "production": True},
    ),
)


@dataclass(frozen=True, slots=True)
class Written:
    """Step 1 as it was filled in."""

    name: str = ""
    version: str = "1.0"
    text: str = ""
    files: tuple[tuple[str, str], ...] = ()  # (name, text), besides what was pasted

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")[:60].strip("-")

    @property
    def bundle(self) -> dict[str, bytes]:
        pasted = ((PASTED, self.text),) if self.text.strip() else ()
        return {name: text.encode() for name, text in (*pasted, *self.files)}


@dataclass(frozen=True, slots=True)
class Mistake:
    sentence: str
    file: str
    line: int  # 0: nowhere in particular
    column: int


@dataclass(frozen=True, slots=True)
class Parsed:
    objects: tuple[ObjectKey, ...]
    images: tuple[str, ...]
    mistake: Mistake | None

    @property
    def more(self) -> int:
        return max(0, len(self.objects) - MOST_LISTED)


def parse(written: Written) -> Parsed:
    """As a release would be rendered. Nothing written yet is no mistake."""
    if not written.bundle:
        return Parsed((), (), None)
    try:
        documents = wiring.renderer("plain").render(written.bundle, "")
    except BundleProblem as problem:
        mistake = Mistake(problem.sentence, problem.file, problem.line, problem.column)
        return Parsed((), (), mistake)
    images = {str(image) for document in documents for _, image in images_of(document)}
    return Parsed(
        tuple(ObjectKey.of(document) for document in documents),
        tuple(sorted(images)),
        None if documents else Mistake("There is no object in it.", "", 0, 0),
    )


def checked_file_name(name: str, taken: Sequence[str]) -> str:
    """Raises Invalid."""
    name = name.replace("\\", "/").rpartition("/")[2]
    if not name.endswith(_ENDINGS):
        raise Invalid(f"“{name}” does not end with .yaml, .yml or .json.")
    if name in taken:
        raise Invalid(f"Two files are called {name}.")
    return name


def why_not(actor: Actor) -> str:
    """The whole way needs three rights; "" for who has them."""
    for right in (Right.CONFIGURE, Right.MAKE_RELEASE, Right.START):
        decision = decide(actor, right)
        if not decision.allowed:
            return f"{decision.why} An owner has every right that this takes."
    return ""


def commands_for(written: Written, environments: Sequence[str], clusters: Sequence[str]) -> list[str]:
    """What does the same from a terminal, beginning with what is missing."""
    name = written.slug or "shop"
    cluster = clusters[0] if clusters else "main"
    commands = [] if clusters or environments else [f"slipway clusters add {cluster} --kubeconfig FILE"]
    if not environments:
        commands += [f"slipway environments create dev --cluster {cluster} --delivery auto"]
    place = environments[0] if environments else "dev"
    files = " ".join(written.bundle).replace(PASTED, "app.yaml") or "app.yaml"
    return [
        *commands,
        f"slipway apps create {name}",
        f"slipway releases create {name} {written.version} {files}",
        f"slipway rollouts start {name} {place} {written.version} --watch",
    ]


def make_environments(actor: Actor, chosen: Sequence[str], cluster: Cluster) -> list[Environment]:
    return [
        create_environment(actor, slug=plain.slug, name=plain.name, clusters=[cluster], **plain.policy)
        for plain in PLAIN
        if plain.slug in chosen
    ]


def make_application(actor: Actor, written: Written, environment: Environment) -> list[Rollout]:
    """The application, its first release, and a rollout on each of the environment's clusters.

    Precondition: a transaction, so that a refusal anywhere leaves nothing behind.
    """
    application = create_application(actor, slug=written.slug, name=written.name)
    release = create_release(
        actor, application, version=written.version, bundle=written.bundle, notes="The first, by the guide."
    ).release
    targets = targets_of(actor).filter(application_id=application.id, environment_id=environment.id)
    rollouts = [
        start_rollout(actor, target, release, why="The first rollout.").rollout for target in list(targets)
    ]
    if not rollouts:
        raise Invalid(f"{environment.name} has no cluster, so there is nowhere to put it.")
    return rollouts
