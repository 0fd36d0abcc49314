"""What waits for a decision, and deciding several at once: each its own plan, its own transaction, its own sentence."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict

from apps.approvals.services import Outcome, Wish, decide_several
from apps.core.problems import Forbidden, Invalid, NotFound
from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.approvals import (
    SHOWS,
    ApprovalsPicture,
    Sought,
    approvals_picture,
    outcome_lines,
    outcome_sentence,
)
from apps.dashboard.pictures.review import Asked, Review, review_of
from apps.dashboard.words import number_in
from apps.live.reading import picture
from apps.organizations.api.refusals import audit_refusal
from apps.rollouts.access import access_rollout

MOST = 50


class Inbox(OrganizationPage):
    place = "approvals"
    opens_scope = False  # several decisions are several transactions

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        return self._answer(request, sought_of(request.GET))

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        form = request.POST
        if form.get("decision") not in {"approve", "reject"}:
            raise Invalid("Choose to approve or to reject.")
        wishes = _wishes(form)
        approved = form["decision"] == "approve"
        outcomes = decide_several(self.actor, wishes, approved=approved, comment=form.get("why", ""))
        self._audit_refusals(request, outcomes)
        failed = any(outcome.problem for outcome in outcomes)
        answer = self._answer(
            request,
            sought_of(request.GET, look=False),
            outcomes=outcomes,
            approved=approved,
            why=form.get("why", "") if failed else "",
        )
        answer["HX-Trigger-After-Settle"] = "slipway:partly-decided" if failed else "slipway:decided"
        return answer

    def _audit_refusals(self, request: HttpRequest, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if isinstance(outcome.problem, Forbidden):
                audit_refusal(self.actor, outcome.problem, route="approvals", request=request)

    def _answer(
        self,
        request: HttpRequest,
        sought: Sought,
        *,
        outcomes: list[Outcome] | None = None,
        approved: bool = True,
        **more: Any,
    ) -> HttpResponse:
        with picture(self.actor.organization_id):
            shown = approvals_picture(self.actor, sought)
            lines = outcome_lines(outcomes or [], approved=approved)
            context = {
                "inbox": shown,
                "sought": sought,
                "outcomes": lines,
                "outcome": outcome_sentence(lines, approved=approved) if lines else "",
                **self._look(shown, sought),
                **more,
            }
            alone = self.alone and (request.method == "POST" or self.part == "inbox")
            return self.page(
                "dashboard/approvals/_inbox.html" if alone else "dashboard/approvals.html", context
            )

    def _look(self, shown: ApprovalsPicture, sought: Sought) -> dict[str, Any]:
        """The one that the address names, else the first: what is beside the list."""
        number = sought.look or next((request.number for request in shown.requests), None)
        if number is None or shown.show == "decided":
            return {"review": None}
        try:
            rollout = access_rollout(self.actor, number)
        except NotFound:
            return {"review": None}
        review: Review | None = review_of(self.actor, rollout, Asked(plan=sought.plan if sought.look else ""))
        return {"review": review, "rollout": rollout}


def sought_of(query: QueryDict, *, look: bool = True) -> Sought:
    show = query.get("show", "mine")
    if show not in SHOWS:
        raise NotFound("There is no such list of approvals.")
    return Sought(
        show=show,
        name=query.get("name", "").strip(),
        environment=query.get("environment", ""),
        page=query.get("page", "1"),
        look=number_in(query.get("look")) if look else None,
        plan=query.get("plan", "") if look else "",
    )


def _wishes(form: QueryDict) -> list[Wish]:
    wishes = []
    for text in dict.fromkeys(form.getlist("item")):
        number, _, digest = text.partition(":")
        if not number.isdecimal() or len(number) > 9 or not digest:
            raise Invalid("One of the chosen plans is named in a way that nothing here understands.")
        wishes.append(Wish(int(number), digest))
    if not wishes:
        raise Invalid("Choose at least one of the plans; nothing was decided.")
    if len(wishes) > MOST:
        raise Invalid(f"At most {MOST} are decided at once; nothing was decided.")
    return wishes
