"""Environments and their policy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.audit.services import Audit, Happening, record
from apps.clusters.models import Cluster
from apps.core.problems import Conflict, Invalid
from apps.core.revisions import check_revision
from apps.core.slugs import checked_slug
from apps.environments.choices import DeliveryMode, Strategy
from apps.environments.models import Environment, EnvironmentCluster
from apps.environments.rules import changed_rules
from apps.environments.services.targets import NAMESPACE, ensure_targets_on
from apps.organizations.access import Actor, Right, authorize

_CHANGEABLE = (
    "name",
    "production",
    "delivery_mode",
    "approvals_needed",
    "approval_rules",
    "strategy",
    "namespace_template",
    "allowed_namespaces",
    "allowed_cluster_kinds",
    "progress_deadline_seconds",
    "bake_seconds",
    "wait_for_addresses",
    "delete_limit",
)
# How a rollout goes. All else says what it needs and reaches, also what is added later: that takes SET_POLICY, which no
# grant gives. Else somebody who makes releases could lower what stands between them and production.
_HOW_IT_GOES = frozenset(
    {"name", "strategy", "progress_deadline_seconds", "bake_seconds", "wait_for_addresses"}
)
_BOUNDS = {  # the least and the most
    "approvals_needed": (0, 20),
    "progress_deadline_seconds": (5, 86_400),
    "bake_seconds": (0, 604_800),
    "delete_limit": (0, 100_000),
}
_MOST_NAME, _MOST_ALLOWED = 120, 200
_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,62}(\.[a-z0-9][-a-z0-9.]{0,200})?")


def create_environment(
    actor: Actor, *, slug: str, clusters: Sequence[Cluster], name: str = "", **policy: Any
) -> Environment:
    """Placed last in promotion order. Every application gets a target on each of its clusters."""
    authorize(actor, Right.CONFIGURE)
    checked_slug(slug)
    values = _checked({"name": name or slug, **policy})
    # In production nobody approves what they wrote, unless its policy says so.
    strict = {"separation": "authors"} if values.get("production") else {}
    values["approval_rules"] = changed_rules({}, {**strict, **values.get("approval_rules", {})})
    with transaction.atomic():
        if Environment.objects.filter(slug=slug).exists():
            raise Conflict(f"There is an environment called {slug} already.")
        last = Environment.objects.aggregate(last=Max("position"))["last"] or 0
        environment = Environment(
            organization_id=actor.organization_id, slug=slug, position=last + 1, **values
        )
        _check_whole(environment)
        environment.save()
        for cluster in clusters:
            EnvironmentCluster.objects.create(
                organization_id=actor.organization_id, environment=environment, cluster=cluster
            )
            ensure_targets_on(environment, cluster)
        after = {**values, "clusters": [cluster.slug for cluster in clusters]}
        record(
            actor.by,
            audits=[Audit("environment.create", "environment", slug, environment.id, after=after)],
            happenings=[happened("created", environment)],
        )
    return environment


def change_environment(
    actor: Actor, environment: Environment, *, seen: int | None = None, **policy: Any
) -> Environment:
    """Rollouts that run keep the policy they began with."""
    authorize(actor, Right.CONFIGURE, environment_id=environment.id)
    values = _checked(policy)
    with transaction.atomic():
        locked: Environment = Environment.objects.select_for_update().get(id=environment.id)
        check_revision(locked, seen)
        if "approval_rules" in values:
            values["approval_rules"] = changed_rules(locked.approval_rules, values["approval_rules"])
            locked.approval_rules = changed_rules(locked.approval_rules, {})  # whole, as the new ones are
        before = {field: getattr(locked, field) for field in values}
        if any(before[field] != value for field, value in values.items() if field not in _HOW_IT_GOES):
            authorize(actor, Right.SET_POLICY, environment_id=environment.id)
        for field, value in values.items():
            setattr(locked, field, value)
        _check_whole(locked)
        locked.revision += 1
        locked.save()
        audit = Audit(
            "environment.change", "environment", locked.slug, locked.id, before=before, after=values
        )
        record(actor.by, audits=[audit], happenings=[happened("changed", locked)])
    return locked


def happened(what: str, environment: Environment) -> Happening:
    """A line of the feed; pages that show the environment follow it."""
    body = {"label": environment.name, "slug": environment.slug}
    return Happening(f"environment.{what}", environment_id=environment.id, body=body)


def _checked(policy: dict[str, Any]) -> dict[str, Any]:
    """Every mistake at once, each by its setting."""
    wrong = dict.fromkeys(sorted(set(policy) - set(_CHANGEABLE)), "unknown")
    if wrong:
        raise Invalid(f"An environment has no setting called {next(iter(wrong))}.", fields=wrong)
    for field, choices in (("delivery_mode", DeliveryMode.values), ("strategy", Strategy.values)):
        if field in policy and policy[field] not in choices:
            wrong[field] = f"One of {', '.join(choices)}."
    for field, (least, most) in _BOUNDS.items():
        if field in policy and not least <= policy[field] <= most:
            wrong[field] = f"From {least:,} to {most:,}."
    if "approval_rules" in policy:
        try:
            changed_rules({}, policy["approval_rules"])
        except Invalid as problem:
            wrong |= problem.fields
    if "name" in policy and not 1 <= len(policy["name"].strip()) <= _MOST_NAME:
        wrong["name"] = f"A name has 1 to {_MOST_NAME} characters."
    if "namespace_template" in policy and (sentence := _template_mistake(policy["namespace_template"])):
        wrong["namespace_template"] = sentence
    for field, fits, what in (
        ("allowed_namespaces", NAMESPACE, "name for a namespace"),
        ("allowed_cluster_kinds", _KIND, "kind; write Kind.group, or Kind alone for the core group"),
    ):
        if odd := [one for one in policy.get(field, ()) if not fits.fullmatch(one)]:
            wrong[field] = f"“{odd[0]}” is no {what}."
        elif len(policy.get(field, ())) > _MOST_ALLOWED:
            wrong[field] = f"At most {_MOST_ALLOWED}."
    if wrong:
        # A rule's sentence is about a name that a file says and no form shows.
        told = [f"{field}: {words}" if "." in field else words for field, words in wrong.items()]
        raise Invalid(" ".join(told), fields=wrong)
    return policy


def _template_mistake(template: str) -> str:
    try:
        example = template.format(application="a", environment="e")
    except (KeyError, IndexError, ValueError, AttributeError):
        return "A namespace template may hold {application} and {environment}."
    return "" if NAMESPACE.fullmatch(example) else f"“{example}” would be no name for a namespace."


def _check_whole(environment: Environment) -> None:
    if environment.delivery_mode == DeliveryMode.APPROVE and environment.approvals_needed < 1:
        sentence = "Delivery by approval needs at least one approval."
        raise Invalid(sentence, fields={"approvals_needed": sentence})
