from __future__ import annotations

from slipway.engine.diff import unified

OLD = {"kind": "Thing", "spec": {"image": "web:1", "args": ["a", {"x": 1, "y": []}]}, "status": {"n": 1}}
NEW = {"kind": "Thing", "spec": {"image": "web:2", "args": ["a", {"x": 1, "y": []}]}, "status": {"n": 2}}


def test_a_difference_reads_like_a_patch_of_yaml():
    assert unified(OLD, NEW).splitlines() == [
        "--- live",
        "+++ plan",
        "@@ -4,4 +4,4 @@",
        "     - a",
        "     - x: 1",
        "       y: []",
        '-  image: "web:1"',
        '+  image: "web:2"',
    ]


def test_the_same_has_no_text():
    assert unified(OLD, OLD | {"status": None}) == ""


def test_a_new_object_is_all_additions():
    assert unified(None, {"kind": "Thing"}).splitlines()[-1] == "+kind: Thing"
