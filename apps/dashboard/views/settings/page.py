"""What the settings' pages share: their menu, and what they say of a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from apps.core.problems import Forbidden, NotFound, Problem
from apps.dashboard.door import OrganizationPage
from apps.organizations.access import Actor, Right, decide


@dataclass(frozen=True, slots=True)
class Section:
    url_name: str
    words: str
    right: Right


SECTIONS = (
    Section("settings-people", "People", Right.MANAGE_PEOPLE),
    Section("settings-teams", "Teams", Right.MANAGE_PEOPLE),
    Section("settings-tokens", "Tokens", Right.SEE),
    Section("applications", "Applications", Right.CONFIGURE),
    Section("settings-environments", "Environments", Right.CONFIGURE),
    Section("settings-clusters", "Clusters", Right.CONFIGURE),
    Section("settings-second-factor", "Second factor", Right.MANAGE_OWNERS),
    Section("settings-connections", "Single sign-on", Right.MANAGE_OWNERS),
    Section("settings-organization", "Organization", Right.CONFIGURE),
    Section("settings-membership", "Your membership", Right.SEE),
)


def sections_of(actor: Actor) -> tuple[Section, ...]:
    """Those that this person may use. Everybody has tokens of their own."""
    return tuple(section for section in SECTIONS if decide(actor, section.right).allowed)


class SettingsPage(OrganizationPage):
    place = "settings"
    section = ""

    def settings_page(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        shown = {"sections": sections_of(self.actor), "section": self.section, **context}
        return self.page(f"dashboard/settings/{template}.html", shown, status=status)


def beside_the_form(problem: Problem) -> Problem:
    """What a form can show. Who may not, or asks for what is not there, gets the door's page (and is audited)."""
    if isinstance(problem, Forbidden | NotFound):
        raise problem
    return problem
