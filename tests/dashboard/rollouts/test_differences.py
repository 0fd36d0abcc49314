"""What a plan changes, as a person reads it. Pure: no database, no page."""

from __future__ import annotations

from typing import Any

import pytest

from apps.dashboard.differences.between import between
from apps.dashboard.differences.facts import Setting, facts
from apps.dashboard.differences.images import image_move
from apps.dashboard.differences.lines import Run, compare_lines
from apps.dashboard.differences.objects import object_change
from apps.dashboard.differences.pods import Pods, pods_that_start
from apps.dashboard.differences.quantities import less_by, quantity
from apps.dashboard.differences.renames import renames
from apps.dashboard.differences.whole import with_plan
from apps.dashboard.differences.words import compare_words
from apps.dashboard.differences.writing import parent_and_leaf, yaml_lines
from slipway.engine.diff import FieldChange, changes
from slipway.engine.objects import ObjectKey
from slipway.engine.plans import Plan, PlannedObject, Verb

IMAGE = "spec.template.spec.containers[name=server].image"
MEMORY = "spec.template.spec.containers[name=server].resources.limits.memory"
WEB = ObjectKey("apps", "Deployment", "shop", "web")


def planned(
    *fields: FieldChange, key: ObjectKey = WEB, verb: Verb = Verb.CHANGE, **more: Any
) -> PlannedObject:
    return PlannedObject(key, verb, fields, **more)


def plan(*objects: PlannedObject, **more: Any) -> Plan:
    settings = {
        "target": "t",
        "release_digest": "r",
        "way_back_digest": "w",
        "way_back_label": "v1",
        "step_titles": ("Workloads",),
    } | more
    return Plan(objects=objects, **settings)


def text(runs: tuple[Run, ...]) -> list[str]:
    signs = {"del": "-", "add": "+", "same": " "}
    found = []
    for run in runs:
        found += [signs[line.side] + "".join(part.text for part in line.parts) for line in run.lines]
        if run.folded:
            found.append(f"~{run.folded}")
    return found


def test_only_the_words_that_differ_are_marked() -> None:
    old, new = compare_words("image: reg/frontend:v0.10.5", "image: reg/frontend:v0.10.6")
    assert [(part.text, part.changed) for part in old] == [("image: reg/frontend:", False), ("v0.10.5", True)]
    assert [(part.text, part.changed) for part in new] == [("image: reg/frontend:", False), ("v0.10.6", True)]


def test_lines_with_next_to_nothing_in_common_are_not_speckled() -> None:
    old, new = compare_words("alpha beta gamma delta", "one:two/three,four")
    assert not any(part.changed for part in (*old, *new))


def test_text_is_compared_line_by_line_and_what_is_the_same_is_folded() -> None:
    before = [f"line {number}" for number in range(20)]
    after = [*before[:9], "line nine", *before[10:]]
    assert text(compare_lines(before, after)) == [
        "~7",
        " line 7",
        " line 8",
        "-line 9",
        "+line nine",
        " line 10",
        " line 11",
        "~8",
    ]


def test_a_single_line_that_is_the_same_is_shown_rather_than_folded() -> None:
    assert text(compare_lines(["a", "x"], ["a", "y"])) == [" a", "-x", "+y"]
    assert text(compare_lines(["a", "b", "c", "d", "x"], ["a", "b", "c", "d", "y"])) == [
        "~2",
        " c",
        " d",
        "-x",
        "+y",
    ]


def test_a_line_stands_beside_its_own_new_value_and_not_beside_what_came_before_it() -> None:
    runs = compare_lines(["- image: web:1"], ["- env: prod", "  image: web:2"])
    assert text(runs) == ["+- env: prod", "-- image: web:1", "+  image: web:2"]
    assert [part.text for part in runs[0].lines[2].parts if part.changed][-1] == "2"


def test_equal_texts_have_no_changed_line() -> None:
    assert all(run.kind != "change" for run in compare_lines(["a", "b"], ["a", "b"]))


def test_a_huge_difference_says_how_much_of_it_is_not_shown() -> None:
    runs = compare_lines([], [str(number) for number in range(5000)])
    assert [len(run.lines) for run in runs] == [400]
    assert runs[0].folded == 4600


def test_yaml_writes_text_of_several_lines_as_a_block_and_quotes_what_would_read_as_something_else() -> None:
    assert list(yaml_lines({"conf": "a = 1\nb = 2\n", "flag": "true", "port": 80, "tag": "v1.2"})) == [
        "conf: |",
        "  a = 1",
        "  b = 2",
        'flag: "true"',
        "port: 80",
        "tag: v1.2",
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (IMAGE, ("spec.template.spec.containers[server]", "image")),
        ('metadata.annotations."a.b/c"', ("metadata.annotations", "a.b/c")),
        ('data."app.conf"', ("data", "app.conf")),
        ("spec.ports[port=80]", ("spec.ports", "[port=80]")),
        ("", ("", "")),
    ],
)
def test_a_path_is_headed_by_its_parent(path: str, expected: tuple[str, str]) -> None:
    assert parent_and_leaf(path) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("reg/web:v1", "reg/web:v2", "v1 → v2"),
        ("reg/web:v1", "other/site:v1", "web:v1 → site:v1"),
        (f"reg/web@sha256:{'a' * 64}", f"reg/web@sha256:{'b' * 64}", "aaaaaaaaaaaa → bbbbbbbbbbbb"),
        (f"reg/web:v1@sha256:{'a' * 64}", f"reg/web:v1@sha256:{'b' * 64}", "v1 aaaaaaaaaaaa → bbbbbbbbbbbb"),
    ],
)
def test_an_image_moves_in_few_characters(before: str, after: str, expected: str) -> None:
    assert image_move(before, after) == expected


def test_an_object_says_its_image_and_how_much_else_changes() -> None:
    item = planned(
        FieldChange(IMAGE, "reg/web:v1", "reg/web:v2"),
        FieldChange("spec.replicas", 3, 2),
    )
    change = object_change(item, standing={}, names={})
    assert change.summary == "v1 → v2 · 1 field more"
    assert [field.head for field in change.fields] == ["spec.template.spec.containers[server]", "spec"]
    assert text(change.fields[1].runs) == ["-replicas: 3", "+replicas: 2"]


def test_a_field_that_comes_or_goes_has_one_side_only() -> None:
    item = planned(FieldChange("spec.paused", None, True), FieldChange("spec.minReadySeconds", 5, None))
    change = object_change(item, standing={}, names={})
    assert [text(field.runs) for field in change.fields] == [["+paused: true"], ["-minReadySeconds: 5"]]


def test_twins_marks_of_ours_and_names_that_follow_are_folded_with_the_reason() -> None:
    spec = "spec.template.spec"
    item = planned(
        FieldChange('metadata.annotations."slipway.dev/owner"', "a", "b"),
        FieldChange(f"{spec}.serviceAccount", "web", "shop"),
        FieldChange(f"{spec}.serviceAccountName", "web", "shop"),
        FieldChange(
            f"{spec}.containers[name=server].envFrom",
            [{"configMapRef": {"name": "settings-0123456789"}}],
            [{"configMapRef": {"name": "settings-abcdef0123"}}],
        ),
    )
    change = object_change(item, standing={}, names={"settings-0123456789": "settings-abcdef0123"})
    assert [text(field.runs) for field in change.fields] == [
        ["-serviceAccountName: web", "+serviceAccountName: shop"]
    ]
    assert [folded.why for folded in change.folded] == [
        "Slipway's own mark",
        "the old spelling of serviceAccountName",
        "follows the new content's name",
    ]


def _settings(name: str, conf: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop"},
        "data": {"app.conf": conf},
    }


def test_two_names_of_one_config_map_are_one_change_of_its_content_line_by_line() -> None:
    old = _settings("settings-0123456789", "a = 1\nb = 2\nc = 3\n")
    new = _settings("settings-abcdef0123", "a = 1\nb = 7\nc = 3\n")
    item = planned(*changes(None, new), key=ObjectKey.of(new), verb=Verb.CREATE)
    standing = {ObjectKey.of(old): old}
    (rename,) = renames([item], standing)
    change = object_change(item, rename=rename, standing=standing, names={})
    assert (change.name, change.verb, change.mark.word) == ("settings", "change", "changed")
    assert change.notes[0] == (
        "A new object under a new name, 0123456789 → abcdef0123, so that pods follow it."
    )
    assert text(change.fields[0].runs) == [" app.conf: |", "   a = 1", "-  b = 2", "+  b = 7", "   c = 3"]


def test_what_is_deleted_is_shown_as_it_was() -> None:
    old = _settings("flags", "x\n")
    item = planned(key=ObjectKey.of(old), verb=Verb.PRUNE)
    change = object_change(item, standing={ObjectKey.of(old): old}, names={})
    assert change.mark.word == "deleted"
    assert text(change.fields[0].runs)[:3] == ["-apiVersion: v1", "-data:", "-  app.conf: |"]
    unknown = object_change(item, standing={}, names={})
    assert unknown.notes == ("What it holds is not stored here: it was not part of what was applied last.",)


def test_takeovers_say_from_whom() -> None:
    item = planned(FieldChange("spec.replicas", 9, 3), taken_over=(("spec.replicas", "kubectl"),))
    assert object_change(item, standing={}, names={}).taken_over == (("spec.replicas", "kubectl"),)


def test_a_whole_object_is_what_was_applied_with_the_plans_changes() -> None:
    before = {
        "kind": "Deployment",
        "spec": {"template": {"spec": {"containers": [{"name": "server", "image": "a:1"}]}}},
    }
    after = with_plan(
        before,
        [
            FieldChange(IMAGE, "a:1", "a:2"),
            FieldChange("spec.paused", None, True),
            FieldChange('metadata.annotations."a.b/c"', None, "x"),
        ],
    )
    assert after == {
        "kind": "Deployment",
        "metadata": {"annotations": {"a.b/c": "x"}},
        "spec": {"paused": True, "template": {"spec": {"containers": [{"name": "server", "image": "a:2"}]}}},
    }
    assert before["spec"]["template"]["spec"]["containers"][0]["image"] == "a:1"  # type: ignore[index]


def test_quantities_are_numbers() -> None:
    assert [str(quantity(text)) for text in ("1Ki", "250m", "0.5", "1e3", "many")] == [
        "1024",
        "0.250",
        "0.5",
        "1E+3",
        "None",
    ]
    assert (less_by("300Mi", "180Mi"), less_by("1", "250m"), less_by("1Gi", "2Gi")) == (40, 75, None)


def sentences(*objects: PlannedObject, setting: Setting | None = None, **more: Any) -> list[tuple[str, str]]:
    return [(fact.look, fact.sentence) for fact in facts(plan(*objects, **more), setting or Setting())]


CALM = ("healthy", "Nothing is deleted, no Secret or ConfigMap changes, no Job runs.")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            planned(key=ObjectKey("", "PersistentVolumeClaim", "shop", "data"), verb=Verb.PRUNE),
            (
                "errored",
                "1 object is deleted: PersistentVolumeClaim data. PersistentVolumeClaim data may hold data.",
            ),
        ),
        (
            planned(verb=Verb.REFUSE, refusal="it exists already"),
            ("errored", "1 object is refused, so nothing can be applied: Deployment web."),
        ),
        (
            planned(key=ObjectKey("batch", "Job", "shop", "migrate"), verb=Verb.REPLACE),
            ("errored", "1 object is deleted and made anew, not changed in place: Job migrate."),
        ),
        (
            planned(taken_over=(("spec.replicas", "kubectl"), ("spec.paused", "kubectl"))),
            ("waiting", "2 fields are taken over from kubectl: Deployment web."),
        ),
        (
            planned(FieldChange(MEMORY, "300Mi", "180Mi")),
            ("errored", "web gets 40 % less memory: 300Mi → 180Mi."),
        ),
        (
            planned(FieldChange(MEMORY, "300Mi", "270Mi")),
            ("waiting", "web gets 10 % less memory: 300Mi → 270Mi."),
        ),
        (
            planned(FieldChange("spec.replicas", 9, 3)),
            ("waiting", "Deployment web goes from 9 replicas to 3."),
        ),
        (
            planned(FieldChange("spec.replicas", 9, 0)),
            ("errored", "Deployment web is scaled to 0: its 9 copies stop."),
        ),
        (
            planned(
                FieldChange(
                    "spec.template.spec.containers[name=server].readinessProbe", {"httpGet": {}}, None
                )
            ),
            ("errored", "web loses its readiness probe."),
        ),
        (
            planned(FieldChange("spec.strategy.type", "RollingUpdate", "Recreate")),
            ("errored", "web stops all its pods before the new ones start."),
        ),
        (
            planned(key=ObjectKey("", "Secret", "shop", "db"), verb=Verb.CHANGE),
            ("waiting", "1 Secret changes: db; values are never shown."),
        ),
        (
            planned(key=ObjectKey("batch", "Job", "shop", "migrate"), verb=Verb.CREATE),
            ("waiting", "1 Job runs, and is not undone by going back: Job migrate."),
        ),
        (
            planned(FieldChange(IMAGE, "reg/web:v1", "reg/web:v2")),
            ("waiting", "1 image is named by a tag alone, which can come to mean something else."),
        ),
        (
            planned(key=ObjectKey("networking.k8s.io", "Ingress", "shop", "web")),
            ("waiting", "Ingress web changes something in how traffic reaches it."),
        ),
        (
            planned(verb=Verb.CREATE, checked=False),
            ("waiting", "1 object could not be checked by the server yet: Deployment web."),
        ),
    ],
)
def test_each_risk_is_one_sentence_with_its_numbers(item: PlannedObject, expected: tuple[str, str]) -> None:
    assert expected in sentences(item)


def test_a_harmless_plan_says_what_it_does_not_do() -> None:
    pinned = f"reg/web@sha256:{'b' * 64}"
    assert sentences(planned(FieldChange(IMAGE, f"reg/web@sha256:{'a' * 64}", pinned))) == [CALM]


def test_the_worst_is_said_first_and_long_lists_are_counted() -> None:
    gone = [
        planned(key=ObjectKey("", "Service", "shop", f"s{number}"), verb=Verb.PRUNE) for number in range(6)
    ]
    found = sentences(planned(FieldChange("spec.replicas", 9, 3)), *gone)
    assert found[0] == ("errored", "6 objects are deleted: Service s0, Service s1, Service s2 and 3 more.")
    assert [look for look, _ in found] == sorted(
        (look for look, _ in found), key=["errored", "waiting", "healthy"].index
    )


def test_a_first_release_and_one_without_a_way_back_say_so() -> None:
    first = sentences(planned(), setting=Setting(first_here=True, environment="production"))
    assert ("waiting", "This is the first release in production: there is nothing to go back to.") in first
    assert ("errored", "There is no release to go back to by itself, should it fail.") in sentences(
        planned(), way_back_label=""
    )


def test_pods_that_restart_are_counted_from_what_was_applied() -> None:
    standing: dict[ObjectKey, Any] = {WEB: {"spec": {"replicas": 4}}}
    image = FieldChange(IMAGE, "a:1", "a:2")
    assert pods_that_start([planned(image)], standing) == Pods(4, 0, 0)
    assert pods_that_start([planned(image, FieldChange("spec.replicas", 4, 6))], standing) == Pods(6, 0, 0)
    assert pods_that_start([planned(FieldChange("spec.paused", None, True))], standing) == Pods(0, 0, 0)
    assert pods_that_start([planned(image)], {}) == Pods(0, 0, 1)


def test_between_two_plans_only_what_differs_is_said() -> None:
    image = FieldChange(IMAGE, "a:1", "a:2")
    other = ObjectKey("apps", "Deployment", "shop", "cart")
    seen = plan(planned(image), planned(FieldChange("spec.replicas", 3, 2), key=other))
    now = plan(
        planned(FieldChange(IMAGE, "a:1", "a:3")), planned(FieldChange("spec.replicas", 3, 2), key=other)
    )
    difference = between(seen, now)
    assert difference.sentence == "1 object differs from it."
    assert [(item.key.name, item.changes) for item in difference.objects] == [
        ("web", (FieldChange(IMAGE, "a:2", "a:3"),))
    ]
    assert between(now, now).sentence == "Nothing that is applied differs."


def test_objects_that_come_go_or_fare_otherwise_are_told_apart() -> None:
    flags = ObjectKey("", "ConfigMap", "shop", "flags")
    seen = plan(planned(FieldChange("spec.replicas", 3, 2)), planned(key=flags, verb=Verb.PRUNE))
    now = plan(
        planned(verb=Verb.REFUSE, refusal="it exists already"), way_back_digest="x", way_back_label="v0"
    )
    difference = between(seen, now)
    notes = {item.key.name: item.notes for item in difference.objects}
    assert notes == {
        "web": ("It was changed in the plan before and is refused now.",),
        "flags": ("No longer part of the plan.",),
    }
    assert difference.sentences == ("If it fails it goes back to v0, not to v1.",)
