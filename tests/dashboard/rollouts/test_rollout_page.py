"""The rollout's page: what moves first, by name what is not ready, each thing by itself, and the list of all."""

from __future__ import annotations

import re
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from tests.dashboard.conftest import Costs
from tests.dashboard.reading import let_in as browser
from tests.e2e.story import Story, Teller
from tests.fleets import Fleet


def seen(client: Client, path: str, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, path
    return " ".join(answer.content.decode().split())


def in_order(text: str, *parts: str) -> bool:
    places = [text.index(part) for part in parts]
    return places == sorted(places)


def fleet_of(story: Story, rollout: Teller, services: dict[str, int], unchanged: int = 3) -> Fleet:
    fleet = Fleet(story.people.acme.id, rollout.rollout_id, services, unchanged)
    fleet.plan()
    fleet.begin()
    return fleet


def test_trouble_stands_before_what_moves_and_that_before_what_is_done(story: Story) -> None:
    story.live("v1", "dev")
    rollout = story.start("v2", "dev")
    fleet = fleet_of(story, rollout, {"calm": 2, "busy": 4, "bad": 3})
    fleet.observe({"calm": 1, "busy": 0.5, "bad": 0.7}, crashing=["bad"])
    content = seen(browser(story.people.vic), rollout.path)
    tree = content[content.index('<ul class="tree">') : content.index("unchanged by the plan")]
    assert in_order(tree, "data-panel>bad</a>", "data-panel>busy</a>", "data-panel>calm</a>")
    assert "<summary>3 unchanged by the plan</summary>" in content


def test_an_old_pod_that_remains_does_not_hide_which_new_one_is_not_ready(story: Story) -> None:
    story.live("v1", "dev")
    rollout = story.start("v2", "dev")
    fleet = fleet_of(story, rollout, {"web": 3})
    fleet.observe({"web": 0.67}, crashing=["web"])
    content = seen(browser(story.people.vic), rollout.path)
    line = content[content.index('id="rollout-objects:Deployment.apps/boutique-dev/web"') :]
    line = line[: line.index("</section>")]
    assert '<span class="why">2 of 3 ready</span>' in line
    assert '<span class="why">1 left, 1 going</span>' in line
    named = re.search(r'title="(web-7c9fb6c64d-\w+)" data-panel>(\w+)</a>', line)
    assert named is not None
    assert named[1] == f"web-7c9fb6c64d-{named[2]}"
    assert "CrashLoopBackOff: exit 137, out of memory · 2 restarts" in line


def test_pods_that_wait_for_the_same_are_one_line(story: Story) -> None:
    from apps.core import scopes
    from apps.dashboard.pictures.rollouts import picture_of
    from apps.rollouts.models import Rollout

    story.live("v1", "dev")
    rollout = story.start("v2", "dev")
    fleet_of(story, rollout, {"web": 20}).observe({"web": 0.5})
    with scopes.organization(story.people.acme.id):
        picture = picture_of(Rollout.objects.get(id=rollout.rollout_id), "acme")
    (line,) = picture.objects.lines
    (note,) = line.sets[0].notes
    assert (len(note.pods), note.more, note.words) == (2, 0, "starting: waits for its readiness probe")
    row = picture.objects.pods.rows[0]
    assert (row.ready, row.to_come, row.spare, row.says) == ("10/20", 8, 0, "10 of 20 new pods ready, 10 old")


def test_room_is_kept_for_what_comes_before_others_have_gone(story: Story) -> None:
    from apps.core import scopes
    from apps.dashboard.pictures.rollouts import picture_of
    from apps.rollouts.models import Rollout

    story.live("v1", "dev")
    rollout = story.start("v2", "dev")
    fleet = fleet_of(story, rollout, {"web": 8})
    places = set()
    for share in (0.0, 0.25, 0.5, 1.0):
        fleet.observe({"web": share})
        with scopes.organization(story.people.acme.id):
            row = picture_of(Rollout.objects.get(id=rollout.rollout_id), "acme").objects.pods.rows[0]
        shown = sum(len(group.pods) for group in (*row.new, *row.old))
        places.add(max(10, shown + row.to_come + row.spare))
    # Wanted 8 and a quarter more is 10; only at the start do 2 new, 6 to come and 8 old stand together.
    assert places == {16, 14, 12, 10}


def test_one_pod_that_changes_is_one_fragment_however_many_there_are(story: Story) -> None:
    from apps.core import scopes
    from apps.dashboard.pushing import rollout_fragments
    from apps.live.streams import Stream

    story.live("v1", "dev")
    rollout = story.start("v2", "dev")
    fleet = fleet_of(story, rollout, {**{f"service-{number}": 10 for number in range(10)}, "large": 400})
    fleet.observe({**{f"service-{number}": 0.9 for number in range(10)}, "large": 1})
    stream = Stream("rollout", rollout.rollout_id, story.people.acme.id)
    with scopes.organization(story.people.acme.id):
        before = rollout_fragments(stream, []).html
        fleet.restart("large-n7")
        after = rollout_fragments(stream, []).html
    changed = {key: html for key, html in after.items() if before.get(key) != html}
    groups = [key for key in changed if key not in {"rollout-events", "rollout-replay"}]
    assert len(groups) == 1
    assert groups[0].startswith("rollout-pods:Deployment.apps/boutique-dev/large+new")
    assert len(changed[groups[0]]) < 20_000
    assert set(before) == set(after)


def test_what_is_pushed_names_a_place_for_every_piece_and_a_piece_for_every_place(story: Story) -> None:
    from apps.core import scopes
    from apps.dashboard.pushing import rollout_fragments
    from apps.live.streams import Stream

    story.live("v1", "dev")
    rollout = story.start("v2", "dev")
    fleet = fleet_of(story, rollout, {"web": 60, "api": 2})
    fleet.observe({"web": 0.5, "api": 1})
    with scopes.organization(story.people.acme.id):
        html = rollout_fragments(Stream("rollout", rollout.rollout_id, story.people.acme.id), []).html
    places = re.findall(r'id="([^"]+)" data-place', " ".join(html.values()))
    pieces = [key for key in html if ":" in key]
    assert sorted(places) == sorted(pieces)
    # A parent comes before what it holds, in whichever order keys are sorted.
    assert all(key.split("+")[0] <= key for key in pieces)
    whole = seen(browser(story.people.vic), rollout.path)
    assert "data-place" not in whole
    assert all(f'id="{piece}"' in whole for piece in pieces)


def test_an_object_by_itself_says_what_changes_which_pods_it_has_and_its_story(story: Story) -> None:
    story.live("v1", "dev")
    rollout = story.start("v2", "dev")
    fleet = fleet_of(story, rollout, {"web": 3})
    fleet.observe({"web": 0.34})
    fleet.observe({"web": 0.67}, crashing=["web"])
    client = browser(story.people.bo)
    path = f"{rollout.path}objects/Deployment.apps/boutique-dev/web/"
    page = seen(client, path)
    assert '<h1 id="panel-title">web</h1>' in page
    assert "<dt>Ready</dt><dd>2 of 3</dd>" in page
    assert '<div class="del">registry.example/shop/web:v1</div>' in page
    assert '<div class="add">registry.example/shop/web:v2</div>' in page
    assert "kubectl describe --namespace boutique-dev deployment.apps/web" in page
    assert in_order(page, "2 of 3 ready; 1 pod crashed 2 times", "1 of 3 ready, 2 starting")
    beside = seen(client, path, **{"HX-Request": "true"})
    assert beside.startswith('<section id="panel-object"')
    assert '<h2 id="panel-title">web</h2>' in beside
    assert client.get(f"{rollout.path}objects/Deployment.apps/boutique-dev/other/").status_code == 404


def test_a_pod_by_itself_says_why_and_stays_to_be_looked_at_when_it_is_gone(story: Story) -> None:
    story.live("v1", "dev")
    rollout = story.start("v2", "dev")
    fleet = fleet_of(story, rollout, {"web": 3})
    fleet.observe({"web": 0.34}, crashing=["web"])
    path = f"{rollout.path}pods/web-n2/"
    page = seen(browser(story.people.bo), path)
    assert "CrashLoopBackOff: exit 137, out of memory" in page
    assert re.search(r"<dt>Restarts</dt> ?<dd> ?2 ?</dd>", page)
    assert f'<dt>Log</dt><dd><a href="{path}log/">Follow its log</a></dd>' in page
    assert "Follow its log" not in seen(browser(story.people.vic), path)
    old = f"{rollout.path}pods/web-o1/"
    assert ", going" not in seen(browser(story.people.bo), old)
    fleet.observe({"web": 1})
    assert "It went" in seen(browser(story.people.bo), old)
    assert browser(story.people.bo).get(f"{rollout.path}pods/never-seen/").status_code == 404


def test_the_table_sorts_and_turns_its_pages_by_links(story: Story) -> None:
    rollout = story.start("v1", "dev")
    fleet = fleet_of(story, rollout, {f"web-{number:02}": 1 for number in range(30)}, unchanged=0)
    fleet.observe({f"web-{number:02}": 1 for number in range(30)}, crashing=["web-29"], first=True)
    client = browser(story.people.vic)
    page = seen(client, f"{rollout.path}?view=table")
    assert page.count("<tr id=") == 25
    assert in_order(page, "data-row>web-29</a>", "data-row>web-00</a>")
    assert (
        '<th scope="col" aria-sort="ascending" ><a href="/o/acme/rollouts/1/?view=table&amp;sort=-state">'
        in page
    )
    last = seen(client, f"{rollout.path}?view=table&sort=-name&page=2")
    assert last.count("<tr id=") == 5
    assert in_order(last, "data-row>web-04</a>", "data-row>web-00</a>")
    part = seen(client, f"{rollout.path}?part=rollout-table&view=table", **{"HX-Request": "true"})
    assert part.startswith('<section id="rollout-table"')
    assert client.get(f"{rollout.path}?part=nothing").status_code == 404


def test_the_graph_draws_each_pod_and_folds_what_stays_as_it_is(story: Story) -> None:
    story.live("v1", "dev")
    rollout = story.start("v2", "dev")
    fleet = fleet_of(story, rollout, {"web": 4, "api": 2}, unchanged=100)
    fleet.observe({"web": 0.5, "api": 1})
    client = browser(story.people.vic)
    page = seen(client, f"{rollout.path}?view=graph")
    assert (
        page.count('<rect class="dot" width="12" height="12" rx="3" />') == 4
    )  # 2 of web, 2 of api: new and ready
    assert page.count('class="dot ring') == 2  # old
    assert "100 unchanged by the plan …" in page
    assert "unchanged by the plan …" not in seen(client, f"{rollout.path}?view=graph&all=1")


def test_the_next_step_is_said_to_come_when_it_usually_does(story: Story) -> None:
    from apps.core import scopes
    from apps.rollouts.models import Event

    clock = [timezone.now()]
    for version, seconds in (("v1", 30), ("v2", 50), ("v3", 40)):
        done = story.start(version, "dev")
        fleet = Fleet(story.people.acme.id, done.rollout_id, {"web": 2}, now=lambda: clock[0])
        fleet.plan()
        fleet.begin()
        clock[0] += timedelta(seconds=seconds)
        fleet.observe({"web": 1}, first=True)
        fleet.bake()
        fleet.succeed()
    rollout = story.start("v4", "dev")
    fleet_of(story, rollout, {"web": 2}).observe({"web": 0.5})
    client = browser(story.people.vic)
    page = seen(client, rollout.path)
    assert "usually about 40 s" in page
    with scopes.organization(story.people.acme.id):
        begun = Event.objects.filter(rollout_id=rollout.rollout_id, kind="step-done").get().at
    at = (begun + timedelta(seconds=40)).isoformat(timespec="seconds")
    assert f'Next: bake, 60 s, <time data-until="usual" datetime="{at}">at about' in page
    first = story.start("v4", "staging")
    fleet_of(story, first, {"web": 2}).observe({"web": 0.5}, first=True)
    unknown = seen(client, first.path)
    assert "usually" not in unknown
    assert "Next: bake, 60 s.</span>" in unknown


def test_the_bar_says_how_much_is_there_and_not_how_many_steps_are_behind(story: Story) -> None:
    story.live("v1", "dev")
    rollout = story.start("v2", "dev")
    fleet = fleet_of(story, rollout, {"a": 1, "b": 1, "c": 1, "d": 1})
    fleet.observe({"a": 1, "b": 1})
    # Half of the workloads, nothing of the bake; that the plan was checked is no progress.
    assert 'value="25" aria-label="Progress"' in seen(browser(story.people.vic), rollout.path)


def test_a_press_says_before_how_many_pods_restart(story: Story) -> None:
    story.live("v1", "production")
    rollout = story.start("v2", "production")
    rollout.plan()
    content = seen(browser(story.people.bo), f"{rollout.path}approve/")
    assert (
        "<p>4 objects are changed, 1 object is deleted; 1 stays as it is. About 11 pods restart.</p>"
        in content
    )
    rollout.begin()
    rollout.observe(ready=1.0)
    content = seen(browser(story.people.bo), f"{rollout.path}abort/")
    assert "<p>4 of 5 objects are written; 11 new pods run.</p>" in content
    assert "<p>They go back to v1, beginning within 5 s.</p>" in content


def test_the_list_is_sieved_by_application_place_state_and_person(story: Story) -> None:
    story.live("v1", "dev")
    story.start("v2", "dev", by="bo")
    story.start("v1", "staging")
    client = browser(story.people.bo)

    def numbers(query: str) -> list[int]:
        return [
            int(number)
            for number in re.findall(r'<tr id="rollout-(\d+)">', seen(client, f"/o/acme/rollouts/{query}"))
        ]

    assert numbers("") == [3, 2, 1]
    assert numbers("?only=moving") == [3, 2]
    assert numbers("?by=me") == [2]
    assert numbers(f"?by={story.people.ana.pk}") == [3, 1]
    assert numbers("?environment=staging") == [3]
    assert numbers("?state=healthy") == [1]
    assert numbers("?application=BOUT&state=waiting") == [3, 2]
    assert numbers("?application=search") == []
    assert "No rollout is like that." in seen(client, "/o/acme/rollouts/?application=search")
    for wrong in ("?state=odd", "?only=odd", "?by=odd"):
        assert client.get(f"/o/acme/rollouts/{wrong}").status_code == 404


def test_the_list_turns_its_pages_by_number_and_keeps_what_was_asked(story: Story) -> None:
    from apps.core import scopes
    from apps.core.ids import uuid7
    from apps.rollouts.models import Rollout

    base = story.live("v1", "dev")
    with scopes.organization(story.people.acme.id):
        row = Rollout.objects.get(id=base.rollout_id)
        for number in range(2, 96):
            row.pk, row.number, row.created_at = uuid7(), number, timezone.now()
            row._state.adding = True
            row.save(force_insert=True)
    client = browser(story.people.vic)

    def page(query: str) -> tuple[list[int], str]:
        content = seen(client, f"/o/acme/rollouts/?{query}")
        return [int(number) for number in re.findall(r'<tr id="rollout-(\d+)">', content)], content

    first, content = page("environment=dev")
    assert (first[0], first[-1], "Newer" in content) == (95, 56, False)
    assert 'href="?environment=dev&amp;before=56">Older' in content
    second, content = page("environment=dev&before=56")
    assert (second[0], second[-1]) == (55, 16)
    last, content = page("environment=dev&before=16")
    assert (last[0], last[-1], "Older" in content) == (15, 1, False)
    assert page("environment=dev&after=15")[0] == second


def test_the_pages_cost_as_many_queries_with_many_pods_as_with_few(story: Story, costs: Costs) -> None:
    client = browser(story.people.bo)
    story.live("v0", "dev")
    for version, services in (("v1", {"web": 1}), ("v2", {f"web-{number}": 12 for number in range(30)})):
        rollout = story.start(version, "dev")
        fleet = fleet_of(story, rollout, services, unchanged=len(services))
        fleet.observe(dict.fromkeys(services, 0.5), first=True)
        name = next(iter(services))
        costs(client, "rollout under way", rollout.path)
        costs(client, "rollout as a table", f"{rollout.path}?view=table")
        costs(client, "rollout as a graph", f"{rollout.path}?view=graph")
        costs(client, "an object of a rollout", f"{rollout.path}objects/Deployment.apps/boutique-dev/{name}/")
        costs(client, "a pod of a rollout", f"{rollout.path}pods/{name}-n0/")
        costs(client, "rollouts", "/o/acme/rollouts/")
        story.live(version, "staging")
        fleet.bake()
        fleet.succeed()
