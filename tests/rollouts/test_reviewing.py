"""A review of a plan that a real cluster answered: what people read is the release's doing, and nothing else."""

from __future__ import annotations

import base64

from apps.dashboard.differences.objects import ObjectChange
from apps.dashboard.pictures.review import Asked, Review, review_of
from apps.dashboard.pictures.whole import whole_object
from apps.rollouts.access import access_rollout
from tests.rollouts.journey import Journey, shop, worker


def _review(journey: Journey, number: int) -> Review:
    with journey.scope():
        review = review_of(journey.ana, access_rollout(journey.ana, number), Asked())
    assert review is not None
    return review


def _text(change: ObjectChange) -> list[str]:
    signs = {"del": "-", "add": "+", "same": " "}
    return [
        signs[line.side] + "".join(part.text for part in line.parts)
        for field in change.fields
        for run in field.runs
        for line in run.lines
    ]


def test_of_a_changed_configuration_one_reads_the_changed_line_and_of_a_dropped_object_what_it_was(
    journey: Journey,
) -> None:
    journey.environment(approvals_needed=1, delivery_mode="manual")
    journey.deployed("1.0.0", shop(greeting="hello", more=worker("mail")))
    rollout = journey.waiting(
        journey.start(journey.release("1.1.0", shop("shop/web:2", greeting="good day")))
    )
    review = _review(journey, rollout.number)
    found = {f"{change.kind} {change.name}": change for change in review.plan.changes}
    assert list(found) == ["Deployment mail", "ConfigMap web", "Deployment web"]

    assert found["Deployment mail"].mark.word == "deleted"
    assert _text(found["Deployment mail"])[:2] == ["-apiVersion: apps/v1", "-kind: Deployment"]
    assert _text(found["ConfigMap web"]) == ["-greeting: hello", '+greeting: "good day"']
    assert _text(found["Deployment web"]) == ["-image: shop/web:1", "+image: shop/web:2"]
    assert found["Deployment web"].summary == "1 → 2"
    assert [(folded.path, folded.why) for folded in found["Deployment web"].folded] == [
        ("spec.template.spec.containers[web].envFrom", "follows the new content's name")
    ]
    assert review.lead == "2 objects change, 1 is deleted, 2 pods restart."
    assert [fact.sentence for fact in review.facts] == [
        "1 object is deleted: Deployment mail.",
        "1 ConfigMap changes: web.",
        "1 image is named by a tag alone, which can come to mean something else.",
        "No Job runs.",
    ]


def test_a_secret_is_never_shown_not_even_whole(journey: Journey) -> None:
    journey.environment(approvals_needed=1, delivery_mode="manual")
    journey.deployed("1.0.0", shop(password="first-pass"))
    release = journey.release("1.1.0", shop(password="second-pass"))
    rollout = journey.waiting(journey.start(release))
    review = _review(journey, rollout.number)
    secret = next(change for change in review.plan.changes if change.kind == "Secret")
    before, after = _text(secret)
    assert before.startswith("-password: secret:")
    assert after.startswith("+password: secret:")
    assert before[1:] != after[1:]
    with journey.scope():
        row = access_rollout(journey.ana, rollout.number)
        whole = whole_object(row, "", secret.key)
    shown = "".join(part.text for run in whole.runs for line in run.lines for part in line.parts)
    for password in ("first-pass", "second-pass"):
        assert password not in shown
        assert base64.b64encode(password.encode()).decode() not in shown
