"""A rollout is played back from its events alone: folded, they give what the row holds; shown, what the page showed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as some

from apps.rollouts.past import Past, fold
from tests.e2e.story import Story, Teller, make_story
from tests.people import PASSWORD, People

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def story(transactional_database: str, people: People) -> Story:
    return make_story(people)


def browser(user: Any) -> Client:
    client = Client()
    assert client.login(email=user.email, password=PASSWORD)
    return client


def row_of(teller: Teller) -> Any:
    from apps.core import scopes
    from apps.rollouts.models import Rollout

    with scopes.organization(teller.story.people.acme.id):
        return Rollout.objects.get(id=teller.rollout_id)


def past_of(teller: Teller, number: int | None = None) -> Past:
    from apps.core import scopes
    from apps.rollouts.models import Event

    with scopes.organization(teller.story.people.acme.id):
        rows = Event.objects.filter(rollout_id=teller.rollout_id).order_by("number")
        return fold(rows.filter(number__lte=number) if number else rows)


@dataclass
class Told:
    """An event that is stored nowhere."""

    number: int
    at: datetime
    kind: str
    body: Any = field(default_factory=dict)


def told(*events: tuple[str, Any]) -> list[Told]:
    return [
        Told(index + 1, BEGAN + timedelta(seconds=index), kind, body)
        for index, (kind, body) in enumerate(events)
    ]


# A world of five pods and three objects that come, change and go, written down as `observing` writes it.
_SIGHTS = some.lists(
    some.tuples(
        some.dictionaries(some.sampled_from("abcde"), some.integers(0, 3)),
        some.dictionaries(some.sampled_from("xyz"), some.integers(0, 3)),
        some.sampled_from(["", "now"]),
    ),
    max_size=12,
)


def written(sights: Any) -> tuple[list[Told], dict[str, Any], dict[str, Any]]:
    events, pods, objects = [], {}, {}
    for index, (new_pods, new_objects, carries) in enumerate(sights):
        body = {
            "pods": {uid: seen for uid, seen in new_pods.items() if pods.get(uid) != seen},
            "objects": {key: seen for key, seen in new_objects.items() if objects.get(key) != seen},
            "gone_pods": sorted(set(pods) - set(new_pods)),
            "gone_objects": sorted(set(objects) - set(new_objects)),
        }
        if carries:
            body["now"] = {"sentence": f"sentence {index}"}
        pods, objects = new_pods, new_objects
        events.append(("observed", body))
    return told(*events), pods, objects


@given(_SIGHTS)
def test_folding_what_was_seen_gives_what_is_there(sights: Any) -> None:
    events, pods, objects = written(sights)
    past = fold(events)
    assert (past.pods, past.objects) == (pods, objects)


@given(_SIGHTS, some.integers(0, 12))
def test_a_fold_can_be_cut_anywhere(sights: Any, cut: int) -> None:
    events, _, _ = written(sights)
    assert fold(events[cut:], fold(events[:cut])) == fold(events)


@given(_SIGHTS)
def test_what_was_folded_before_is_not_changed_by_what_is_folded_on(sights: Any) -> None:
    events, _, _ = written(sights)
    pasts = [fold(events[:number]) for number in range(len(events))]
    kept = [(dict(past.pods), dict(past.objects)) for past in pasts]
    for number, past in enumerate(pasts):
        fold(events[number:], past)
    assert [(past.pods, past.objects) for past in pasts] == kept


def test_events_without_now_tell_what_their_kinds_tell_and_that_the_sentence_is_old() -> None:
    past = fold(
        told(
            ("requested", {"by": "Ana"}),
            ("planned", {"digest": "p1", "sentence": "2 objects change"}),
            ("phase", {"phase": "progressing", "sentence": "Every gate passes."}),
            ("step-done", {"step": 0, "title": "Check the plan"}),
            ("observed", {"objects": {}, "pods": {"a": 1}, "gone_pods": []}),
        )
    )
    assert (past.phase, past.phase_since) == ("progressing", BEGAN + timedelta(seconds=2))
    assert (past.sentence, past.told) == ("Every gate passes.", False)
    assert (past.step, past.plan_digest, past.plans, past.pods) == (1, "p1", 1, {"a": 1})


def test_a_silence_of_the_cluster_lasts_until_it_answers() -> None:
    events = told(("cluster-silent", {"sentence": "no answer in time."}), ("cluster-answers", {}))
    assert fold(events[:1]).unreachable_since == BEGAN
    assert fold(events).unreachable_since is None


def test_all_events_of_a_rollout_give_its_row(story: Story) -> None:
    teller = story.start("v1", "production")
    teller.plan()
    teller.begin()
    teller.observe(ready=0.5, crashing="adservice")
    teller.say("A sentence without an event.")
    teller.observe(ready=1.0)
    teller.succeed()
    past, row = past_of(teller), row_of(teller)
    assert (past.number, past.phase, past.sentence, past.step) == (
        row.event_number,
        row.phase,
        row.sentence,
        row.step,
    )
    assert (past.plan_digest, past.plans, past.approvals_needed) == (
        row.plan_digest,
        row.plan_number,
        row.approvals_needed,
    )
    assert list(past.reasons) == row.reasons
    assert (past.objects, past.pods) == (row.progress["objects"], row.progress["pods"])
    assert past.told


class _Parts(HTMLParser):
    """The page's fragments by id, written out again; moments without their fractions of a second."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self._open: list[tuple[str, int]] = []
        self._depth = 0
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if (name := given.get("id") or "") and name.startswith("rollout-") and tag in {"section", "div"}:
            self._open.append((name, self._depth))
            self.found[name] = []
        for name, _ in self._open:
            self.found[name].append(f"<{tag} {sorted(pair for pair in attrs if pair[0] != 'datetime')}>")
        if tag not in _VOID:
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        self._depth -= 1
        if self._open and self._open[-1][1] == self._depth:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for name, _ in self._open:
            self.found[name].append(" ".join(data.split()))


_VOID = {"input", "link", "meta", "br", "use", "path", "circle", "rect", "img", "hr"}
PARTS = ("head", "sentence", "rail", "objects", "pods", "plan", "decisions", "events", "facts")


def test_after_the_last_event_the_replay_shows_what_the_page_shows(story: Story) -> None:
    teller = story.live("v1", "dev")
    client = browser(story.people.vic)
    page = _Parts(client.get(teller.path).content.decode()).found
    last = f"{teller.path}at/{row_of(teller).event_number}/"
    for end in (client.get(last), client.get(last, headers={"HX-Request": "true"})):
        replayed = _Parts(end.content.decode()).found
        for name in PARTS:
            assert replayed[f"rollout-{name}"] == page[f"rollout-{name}"], name


def test_an_earlier_moment_shows_what_was_true_then_and_nothing_of_later(story: Story) -> None:
    teller = story.start("v1", "dev")
    teller.plan()
    teller.begin()
    teller.observe(ready=0.5, crashing="adservice")
    number = row_of(teller).event_number
    teller.observe(ready=1.0)
    teller.succeed()
    content = browser(story.people.vic).get(f"{teller.path}at/{number}/").content.decode()
    assert "0 of 4 workloads healthy" in content or "2 of 4 workloads healthy" in content
    assert "CrashLoopBackOff" in content
    assert "4 of 4 workloads healthy" not in content
    assert "<dt>Ended</dt>" not in content
    assert f'value="{number}"' in content
    assert "Back to live" not in content  # it has ended: there is no live to go back to
    assert "To the end" in content


def test_the_slider_is_answered_with_the_fragments_alone(story: Story) -> None:
    teller = story.live("v1", "dev")
    answer = browser(story.people.vic).get(f"{teller.path}at/3/", headers={"HX-Request": "true"})
    content = answer.content.decode()
    assert "<html" not in content
    for name in ("replay", "head", "sentence", "rail", "objects", "pods", "events", "facts"):
        assert content.count(f'id="rollout-{name}"') == 1


def test_a_moment_that_there_is_not_is_none(story: Story) -> None:
    teller = story.start("v1", "dev")
    client = browser(story.people.vic)
    answer = client.get(f"{teller.path}at/99/")
    assert answer.status_code == 404
    assert b"has 1 events; there is no 99." in answer.content
    assert client.get(f"{teller.path}at/0/").status_code == 404
    assert browser(story.people.gil).get(f"{teller.path}at/1/").status_code == 404


def test_marks_stand_where_the_phase_changed_and_where_trouble_began(story: Story) -> None:
    from apps.dashboard.pictures.replay import troubles

    teller = story.start("v1", "dev")
    teller.plan()
    teller.begin()
    teller.observe(ready=0.5, crashing="adservice")
    teller.fail("Deployment adservice: its pods crash.")
    content = browser(story.people.vic).get(teller.path).content.decode()
    chapters = content[
        content.index('class="chapters"') : content.index("</ol>", content.index('class="chapters"'))
    ]
    assert re.findall(r"</span>([a-z ]+) <time", chapters) == [
        "asked for",
        "waiting",
        "progressing",
        "trouble began",
        "failed",
    ]
    rows = [
        (1, "a", "degraded"),
        (2, "b", "degraded"),
        (3, "a", "healthy"),
        (4, "b", "healthy"),
        (5, "a", "degraded"),
    ]
    assert troubles((number, BEGAN, key, health) for number, key, health in rows) == [(1, BEGAN), (5, BEGAN)]
