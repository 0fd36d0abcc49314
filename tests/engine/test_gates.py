from __future__ import annotations

from itertools import permutations

import pytest

from slipway.engine.gates import (
    Answer,
    ApprovalFacts,
    GateAnswer,
    approvals,
    deletions,
    needs_person,
    slot,
    worst,
)


def asked(needed: int, *, approved: tuple[str, ...] = (), rejected: tuple[str, ...] = ()) -> GateAnswer:
    return approvals(ApprovalFacts(needed, "sha256:a", approved, rejected, "a releaser other than ana"))


@pytest.mark.parametrize(
    ("gate", "answer", "sentence", "unblocked_by"),
    [
        (asked(0), Answer.PASS, "no approval is needed here", ""),
        (asked(1), Answer.WAIT, "the plan is not approved yet", "a releaser other than ana"),
        (
            asked(2, approved=("ben",)),
            Answer.WAIT,
            "the plan has 1 of 2 approvals",
            "a releaser other than ana",
        ),
        (asked(1, approved=("ben",)), Answer.PASS, "approved by ben", ""),
        (asked(2, approved=("ben", "cleo", "dora")), Answer.PASS, "approved by ben, cleo and dora", ""),
        (
            asked(1, approved=("ben",), rejected=("cleo",)),
            Answer.REFUSE,
            "cleo rejected this plan",
            "a new rollout",
        ),
        (slot(taken_by=""), Answer.PASS, "the target is free", ""),
        (
            slot(taken_by="rollout #4 of v2"),
            Answer.WAIT,
            "rollout #4 of v2 is on this target",
            "its end, or an abort",
        ),
        (needs_person(sentence="", automatic=True), Answer.PASS, "no mark on the target", ""),
        (needs_person(sentence="It failed.", automatic=False), Answer.PASS, "no mark on the target", ""),
        (
            needs_person(sentence="It failed.", automatic=True),
            Answer.WAIT,
            "It failed.",
            "a person who starts a rollout or lifts the mark",
        ),
        (deletions(deleted=5, limit=5, confirmed=None), Answer.PASS, "5 deletions", ""),
        (
            deletions(deleted=6, limit=5, confirmed=None),
            Answer.WAIT,
            "the plan deletes 6 objects, more than the 5 this environment allows unasked",
            "a person who may deploy here and types 6",
        ),
        (
            deletions(deleted=6, limit=5, confirmed=5),
            Answer.WAIT,
            "the plan deletes 6 objects, more than the 5 this environment allows unasked",
            "a person who may deploy here and types 6",
        ),
        (deletions(deleted=6, limit=5, confirmed=6), Answer.PASS, "6 deletions", ""),
    ],
)
def test_a_gate_says_what_why_and_who(gate: GateAnswer, answer: Answer, sentence: str, unblocked_by: str):
    assert (gate.answer, gate.sentence, gate.unblocked_by) == (answer, sentence, unblocked_by)


def test_the_worst_answer_counts_in_any_order():
    gates = [
        GateAnswer("a", Answer.PASS, ""),
        GateAnswer("b", Answer.WAIT, ""),
        GateAnswer("c", Answer.REFUSE, ""),
    ]
    assert {worst(order) for order in permutations(gates)} == {Answer.REFUSE}
    assert worst(gates[:2]) is Answer.WAIT
    assert worst([]) is Answer.PASS
