"""A server's refusals in our words; about a Secret, path and class only."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.adapters.kubernetes.errors import parsed, translate
from slipway.ports.clusters import (
    ClusterError,
    NamespaceMissing,
    OwnedByOthers,
    Refused,
    Stale,
    Unauthorized,
    Unreachable,
)

VALUE = "c3VwZXJzZWNyZXQ="


def status(message: str = "it said no", reason: str = "Invalid", *causes: dict[str, str]) -> bytes:
    return json.dumps(
        {"kind": "Status", "message": message, "reason": reason, "details": {"causes": list(causes)}}
    ).encode()


CAUSE = {"field": "spec.replicas", "message": "must be positive", "reason": "FieldValueInvalid"}
CONFLICT = {
    "reason": "FieldManagerConflict",
    "field": ".spec.replicas",
    "message": 'conflict with "kubectl" using apps/v1',
}

CASES: dict[str, tuple[int, bytes, type[ClusterError], str]] = {
    "too many requests": (429, status("slow down"), Unreachable, "the API answers 429: slow down"),
    "a bad gateway": (502, b"<html>bad</html>", Unreachable, "the API answers 502: <html>bad</html>"),
    "not ready": (503, status("starting"), Unreachable, "the API answers 503: starting"),
    "a gateway's time-out": (504, status("late"), Unreachable, "the API answers 504: late"),
    "an expired token": (
        401,
        status("Unauthorized"),
        Unauthorized,
        "The cluster does not accept our credentials (401).",
    ),
    "no right": (
        403,
        status("pods is forbidden"),
        Unauthorized,
        "The cluster does not let us: pods is forbidden",
    ),
    "a namespace that goes": (
        403,
        status('unable to create: namespace "shop" because it is being terminated', "Forbidden"),
        Refused,
        'unable to create: namespace "shop" because it is being terminated',
    ),
    "a missing namespace": (
        404,
        status('namespaces "shop" not found', "NotFound"),
        NamespaceMissing,
        'namespaces "shop" not found',
    ),
    "a missing path": (404, status("the server could not find it"), Refused, "the server could not find it"),
    "a stale version": (
        409,
        status("the object has been modified", "Conflict"),
        Stale,
        "the object has been modified",
    ),
    "a bad field": (
        422,
        status("spec.replicas: Invalid", "Invalid", CAUSE),
        Refused,
        "spec.replicas: Invalid",
    ),
    "an unknown field": (
        500,
        status("failed to create typed patch object"),
        Refused,
        "failed to create typed patch object",
    ),
    "something that is no Status": (418, b"[1]", Refused, "[1]"),
    "bytes that are no text": (400, b"\xff\xfe", Refused, "\ufffd\ufffd"),
}


@pytest.mark.parametrize("case", CASES)
def test_an_answer_is_translated(case: str):
    code, body, kind, sentence = CASES[case]
    error = translate(code, body, what="Deployment web")
    assert type(error) is kind
    assert (error.sentence, error.status) == (sentence, code)


def test_causes_are_kept_field_by_field():
    error = translate(422, status("x", "Invalid", CAUSE), what="Deployment web")
    assert isinstance(error, Refused)
    assert error.causes == (("spec.replicas", "must be positive"),)


def test_a_conflict_names_who_owns_which_field():
    error = translate(409, status("Apply failed", "Conflict", CONFLICT), what="Deployment web")
    assert isinstance(error, OwnedByOthers)
    assert error.owners == (("kubectl", "spec.replicas"),)


@pytest.mark.parametrize(
    ("message", "immutable"),
    [
        ("spec.selector: Invalid value: field is immutable", True),
        ("spec.template: Invalid value: field is immutable", True),
        ("spec: Forbidden: is immutable after creation except resources.requests", True),
        ("updates to statefulset spec for fields other than 'replicas' are forbidden", True),
        ("spec.clusterIPs[0]: Invalid value: may not change once set", True),
        ("roleRef: Invalid value: cannot change roleRef", True),
        ("spec.replicas: Invalid value: must be positive", False),
    ],
)
def test_a_field_for_life_is_known_by_its_words(message: str, immutable: bool):
    error = translate(422, status(message), what="x")
    assert isinstance(error, Refused)
    assert error.immutable is immutable


def secret_refusal(code: int, message: str, *causes: dict[str, str]) -> ClusterError:
    return translate(code, status(message, "Invalid", *causes), what="Secret login", secret=True)


@pytest.mark.parametrize("code", [400, 403, 404, 409, 422, 429, 500, 503])
def test_what_is_said_about_a_secret_never_holds_its_value(code: int):
    cause = {
        "field": "data[password]",
        "message": f"illegal base64 at {VALUE}",
        "reason": "FieldValueInvalid",
    }
    error = secret_refusal(code, f"Secret is invalid: data[password]: {VALUE}", cause)
    shown = f"{error} {error.sentence} {error.args} {getattr(error, 'causes', '')} {error.reason} {error!r}"
    assert VALUE not in shown
    assert "Secret login: Invalid at data[password]" in shown


def test_a_value_in_an_answer_that_is_no_json_is_not_said_either():
    error = translate(500, f"oops {VALUE}".encode(), what="Secret login", secret=True)
    assert VALUE not in str(error)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (404, 'namespaces "shop" not found', NamespaceMissing),
        (403, 'namespace "shop" because it is being terminated', Refused),
        (403, "secrets is forbidden", Unauthorized),
    ],
)
def test_a_secrets_refusal_keeps_its_class(code: int, message: str, kind: type[ClusterError]):
    assert type(secret_refusal(code, message)) is kind


def test_an_immutable_secret_is_known_as_one():
    cause = {"field": "data", "message": f"field is immutable when `immutable` is set: {VALUE}"}
    error = secret_refusal(422, f"data: Forbidden: field is immutable: {VALUE}", cause)
    assert isinstance(error, Refused)
    assert error.immutable
    assert error.causes == (("data", ""),)


def test_an_answer_that_says_yes_and_speaks_no_kubernetes_is_nobody():
    with pytest.raises(Unreachable, match="speaks no Kubernetes"):
        parsed(b"<html>log in to the hotel's network</html>")


def no_details(body: Any) -> ClusterError:
    return translate(422, json.dumps(body).encode(), what="x")


@pytest.mark.parametrize("body", [{}, {"message": None, "details": None}, {"details": {"causes": None}}])
def test_a_status_that_says_little_is_a_refusal_all_the_same(body: dict[str, Any]):
    assert isinstance(no_details(body), Refused)
