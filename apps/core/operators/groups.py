"""Where each kind of row stands on the operators' first page: by what one looks for, not by which app keeps it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    words: str
    models: tuple[str, ...]  # in this order


GROUPS = (
    Group(
        "Organizations and people",
        "Who is here, and what they may do.",
        (
            "Organization",
            "User",
            "Membership",
            "Team",
            "TeamMember",
            "Grant",
            "OwnershipTransfer",
            "Invitation",
            "ApiToken",
            "Connection",
            "VerifiedDomain",
            "Group",
        ),
    ),
    Group(
        "Places",
        "Where things are put, and what stands there.",
        (
            "Cluster",
            "WatchShard",
            "Environment",
            "EnvironmentCluster",
            "Target",
            "InventoryItem",
            "TargetRelease",
        ),
    ),
    Group(
        "Rollouts",
        "What is moving or stuck. Each can be looked at again, freed or aborted.",
        ("Rollout", "PlanRecord", "AppliedSet", "JournalEntry", "Approval", "Override", "Delegation"),
    ),
    Group(
        "Releases",
        "What was built. Never changed.",
        (
            "Application",
            "ApplicationLabel",
            "Release",
            "RenderedSet",
            "Artifact",
            "ReleaseArtifact",
            "ReleaseCommit",
            "Committer",
            "SavedView",
        ),
    ),
    Group(
        "Machinery",
        "Tasks on their way, and the installation’s own ticks.",
        ("OutboxMessage", "PeriodicTask"),
    ),
    Group(
        "History",
        "Hash-chained and sealed. Read only, also for you.",
        ("AuditEntry", "AuditSeal", "OrganizationHead", "SigningKey"),
    ),
)
OTHERS = "Others"
# Where Django's way of making a plural makes none.
PLURALS = {
    "ApiToken": "API tokens",
    "AuditEntry": "Audit entries",
    "JournalEntry": "Journal entries",
    "OutboxMessage": "Tasks in the outbox",
    "PeriodicTask": "Ticks",
    "User": "People",
}
