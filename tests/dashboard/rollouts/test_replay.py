"""A rollout is played back from its events alone: folded, they give what the row holds; shown, what the page showed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from apps.rollouts.past import Past, fold
from tests.dashboard.conftest import Costs
from tests.dashboard.reading import let_in as browser
from tests.e2e.story import Story, Teller

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


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


def observed(objects: dict[str, str], turned: dict[str, str] | None, **more: Any) -> dict[str, Any]:
    seen = {
        f"Deployment.apps/shop/{name}": {"health": health, "sentence": f"is {health}"}
        for name, health in objects.items()
    }
    body = {"objects": seen, "pods": {}, "gone_pods": [], **more}
    if turned is not None:
        body["turned"] = {f"Deployment.apps/shop/{name}": before for name, before in turned.items()}
    return body


def test_an_object_is_told_where_it_turned_and_not_for_every_pod_that_got_ready() -> None:
    from apps.dashboard.words import event_look, event_words

    counting = observed({"web": "progressing"}, {})
    assert (event_words("observed", counting), event_look("observed", counting)) == ("", "")
    turned = observed({"web": "progressing", "mail": "degraded"}, {"web": "", "mail": "progressing"})
    assert event_words("observed", turned) == "Deployment mail: is degraded · Deployment web: is progressing"
    assert event_look("observed", turned) == "failed"
    better = observed({"web": "healthy"}, {"web": "degraded"})
    assert event_look("observed", better) == "healthy"
    old = observed({"web": "progressing"}, None)  # nobody wrote down what turned
    assert event_words("observed", old) == "Deployment web: is progressing"


def test_what_turned_is_another_health_or_another_trouble() -> None:
    from apps.rollouts.services.observing import turned

    before = {
        "a": {"health": "progressing", "sentence": "1 of 3 ready"},
        "b": {"health": "degraded", "sentence": "web-1 crashed 2 times"},
        "c": {"health": "degraded", "sentence": "image cannot be pulled"},
    }
    after = {
        "a": {"health": "progressing", "sentence": "2 of 3 ready"},
        "b": {"health": "degraded", "sentence": "web-1 crashed 3 times"},
        "c": {"health": "degraded", "sentence": "exit code 1"},
        "d": {"health": "healthy", "sentence": "present"},
    }
    assert turned(before, after) == {"c": "degraded", "d": ""}


def warning(uid: str, name: str, count: int, *, message: str = "", last: datetime = BEGAN) -> Any:
    from slipway.engine.health.warnings import ClusterWarning

    moment = last.isoformat()
    text = message or f"Back-off restarting container in {name}"
    return ClusterWarning(uid, "Pod", name, f"{name}-uid", "BackOff", text, count, moment, moment)


def test_a_warning_is_news_once_and_again_when_its_count_has_doubled() -> None:
    from apps.rollouts.services.warnings import warned

    kept, news, gone = warned({}, [warning("e1", "web-1", 1), warning("e2", "web-2", 1)], BEGAN)
    assert {uid: one["tells"] for uid, one in news.items()} == {
        "e1": True,
        "e2": False,
    }  # the same of two pods
    assert gone == []
    again, news, _ = warned(kept, [warning("e1", "web-1", 1), warning("e2", "web-2", 3)], BEGAN)
    assert list(news) == ["e2"]
    assert again["e2"]["count"] == 3
    assert warned(again, [warning("e2", "web-2", 5)], BEGAN)[1] == {}
    assert warned(again, [], BEGAN) == (again, {}, [])  # nobody asked: what was known stays


def test_warnings_from_before_the_rollout_are_not_its_own_and_only_so_many_are_kept() -> None:
    from apps.rollouts.services.warnings import MOST_WARNINGS, warned

    old = warning("e0", "web-0", 9, last=BEGAN - timedelta(minutes=5))
    assert warned({}, [old], BEGAN) == ({}, {}, [])
    many = [
        warning(f"e{number:03}", f"web-{number}", 1, last=BEGAN + timedelta(seconds=number))
        for number in range(MOST_WARNINGS + 5)
    ]
    kept, _, _ = warned({}, many[:MOST_WARNINGS], BEGAN)
    kept, news, gone = warned(kept, many, BEGAN)
    assert (len(kept), gone) == (MOST_WARNINGS, [f"e{number:03}" for number in range(5)])
    assert len(news) == 5


def test_the_same_warning_of_many_pods_is_one_line_that_counts() -> None:
    from apps.dashboard.pictures.story import warning_lines
    from apps.rollouts.services.warnings import warned

    seen = [
        warning("e1", "web-1", 1),
        warning("e2", "web-2", 4),
        warning("e3", "web-3", 1, message="no space left"),
    ]
    kept, _, _ = warned({}, seen, BEGAN)
    told = {line.message.partition(" ")[0]: (line.who, line.times) for line in warning_lines(kept.values())}
    assert told == {"Back-off": ("2 pods", "5 times or more"), "no": ("Pod web-3", "")}


def test_the_story_goes_back_page_by_page(story: Story) -> None:
    from apps.core import scopes
    from apps.dashboard.pictures.story import story_of
    from apps.rollouts.models import Rollout

    teller = story.start("v1", "dev")
    teller.plan()
    teller.begin()
    teller.observe(ready=0.5, crashing="adservice")
    teller.fail("It crashed.")
    with scopes.organization(story.people.acme.id):
        rollout = Rollout.objects.get(id=teller.rollout_id)
        whole = story_of(rollout)
        numbers, before = [], None
        while True:
            part = story_of(rollout, before=before, most=2)
            numbers += [line.number for line in part.lines]
            if not part.older:
                break
            before = part.older
    assert whole.older == 0
    assert numbers == [line.number for line in whole.lines]
    content = browser(story.people.vic).get(f"{teller.path}events/?before=4").content.decode()
    assert "Planned:" in content
    assert "It crashed" not in content


def test_a_cluster_that_does_not_answer_is_said_to_beside_the_story(story: Story) -> None:
    teller = story.start("v1", "dev")
    content = browser(story.people.vic).get(f"{teller.path}cluster-events/").content.decode()
    assert "harbour did not tell: the connection is refused." in content


def test_a_log_is_shown_to_developers_and_not_to_viewers(story: Story) -> None:
    teller = story.start("v1", "dev")
    teller.plan()
    teller.begin()
    teller.observe(ready=0.5)
    path = f"{teller.path}pods/frontend-new-0/log/"
    content = browser(story.people.dee).get(path).content.decode()
    assert 'Log of <span class="mono">frontend-7c9fb6c64d-x0</span>' in content
    assert 'data-socket="/ws/organizations/acme/rollouts/1/pods/frontend-new-0/log/"' in content
    assert "kubectl logs --namespace boutique-dev frontend-7c9fb6c64d-x0 --follow" in content
    for who in ("vic", "olu"):
        refused = browser(getattr(story.people, who)).get(path)
        assert refused.status_code == 403
        assert b"does not let you read what containers write." in refused.content
    assert browser(story.people.dee).get(f"{teller.path}pods/nobody/log/").status_code == 404


def test_a_pod_that_went_still_has_a_page_that_says_so(story: Story) -> None:
    story.live("v0", "dev")
    teller = story.start("v1", "dev")
    teller.plan()
    teller.begin()
    teller.observe(ready=0.5)
    teller.observe(ready=1.0)
    content = browser(story.people.dee).get(f"{teller.path}pods/frontend-old-0/log/").content.decode()
    assert "Kubernetes keeps no output of a pod that is gone." in content


def test_these_pages_ask_the_database_a_fixed_number_of_times(story: Story, costs: Costs) -> None:
    teller = story.start("v1", "dev")
    teller.plan()
    teller.begin()
    teller.observe(ready=0.2)
    client = browser(story.people.dee)
    pages = {"replay": "at/5/", "rollout-events": "events/", "pod-log": "pods/frontend-new-0/log/"}
    for name, path in pages.items():
        costs(client, name, f"{teller.path}{path}")
    for ready in (0.4, 0.6, 0.8):
        teller.observe(ready=ready)
    for name, path in pages.items():
        costs(client, name, f"{teller.path}{path}")
