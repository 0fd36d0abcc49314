"""An environment's policy as a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.dashboard.forms.approval_rules import PARSERS as RULE_PARSERS
from apps.dashboard.forms.approval_rules import RULES, rule_fields
from apps.dashboard.forms.fields import Field, lines, whole_number
from apps.environments.choices import DeliveryMode, Strategy
from apps.environments.models import Environment

PARSERS: dict[str, Callable[[str], Any]] = {
    **RULE_PARSERS,
    "approvals_needed": whole_number,
    "bake_seconds": whole_number,
    "progress_deadline_seconds": whole_number,
    "delete_limit": whole_number,
    "allowed_namespaces": lines,
    "allowed_cluster_kinds": lines,
}

# Titles over fields, in the form's order.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("What it is", ("name", "production")),
    ("How releases come", ("delivery_mode", "approvals_needed")),
    ("Who approves, and when", RULES),
    (
        "How they are put there",
        ("strategy", "bake_seconds", "progress_deadline_seconds", "wait_for_addresses"),
    ),
    (
        "What they may touch",
        ("namespace_template", "allowed_namespaces", "allowed_cluster_kinds", "delete_limit"),
    ),
)


def policy_fields(environment: Environment) -> tuple[Field, ...]:
    """A new one's, for an environment that is not saved yet, are the defaults."""
    return (
        Field("name", "Name", value=environment.name, most=120),
        Field(
            "production",
            "This is production",
            "check",
            value=_on(environment.production),
            hint="Rollouts here count in what people are told of production.",
        ),
        Field(
            "delivery_mode",
            "Delivery",
            "select",
            value=environment.delivery_mode,
            choices=tuple((str(value), str(label)) for value, label in DeliveryMode.choices),
        ),
        Field(
            "approvals_needed",
            "Approvals that each rollout needs",
            "number",
            value=str(environment.approvals_needed),
            hint="They hold in every delivery mode. Nobody approves what they asked for themselves.",
            most=20,
        ),
        *rule_fields(environment),
        Field(
            "strategy",
            "Strategy",
            "select",
            value=environment.strategy,
            choices=(
                (str(Strategy.ROLLING), "Rolling: new pods take over from old ones"),
                (str(Strategy.RECREATE), "Recreate: old pods stop before new ones start"),
            ),
        ),
        Field(
            "bake_seconds",
            "Bake",
            "number",
            value=str(environment.bake_seconds),
            unit="seconds",
            hint="So long must health hold at the end.",
            most=604_800,
        ),
        Field(
            "progress_deadline_seconds",
            "Deadline",
            "number",
            value=str(environment.progress_deadline_seconds),
            unit="seconds",
            hint="After so long without progress a rollout has failed and goes back.",
            most=86_400,
        ),
        Field(
            "wait_for_addresses",
            "Wait until load balancers and ingresses have an address",
            "check",
            value=_on(environment.wait_for_addresses),
        ),
        Field(
            "namespace_template",
            "Namespace",
            value=environment.namespace_template,
            hint="May hold {application} and {environment}. Targets that exist keep theirs.",
            most=100,
            mono=True,
        ),
        Field(
            "allowed_namespaces",
            "Other namespaces that releases may write to",
            "lines",
            value="\n".join(environment.allowed_namespaces),
            hint="One a line; none: their own only.",
            mono=True,
        ),
        Field(
            "allowed_cluster_kinds",
            "Kinds without a namespace that releases may write",
            "lines",
            value="\n".join(environment.allowed_cluster_kinds),
            hint="One a line, as Kind.group: ClusterRole.rbac.authorization.k8s.io",
            mono=True,
        ),
        Field(
            "delete_limit",
            "Deletions without a question",
            "number",
            value=str(environment.delete_limit),
            unit="objects",
            hint="A plan that deletes more wants that number typed.",
            most=100_000,
        ),
    )


def _on(value: bool) -> str:
    return "on" if value else ""
