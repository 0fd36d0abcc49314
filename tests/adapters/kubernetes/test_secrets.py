"""Secret values never enter by reading."""

from __future__ import annotations

import base64
import copy

from hypothesis import given
from hypothesis import strategies as st

from slipway.adapters.kubernetes import redact

KEY = b"k" * 32
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def secret(**parts):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "type": "Opaque"} | parts


def test_each_value_becomes_a_keyed_digest_and_names_stay():
    found = redact(secret(data={"password": "aHVudGVyMg=="}), KEY)
    assert set(found["data"]) == {"password"}
    assert found["data"]["password"].startswith("hmac-sha256:")
    assert found["type"] == "Opaque"
    assert found != redact(secret(data={"password": "aHVudGVyMg=="}), b"o" * 32)


def test_text_and_base64_of_the_same_value_are_the_same():
    sent = redact(secret(stringData={"password": "hunter2"}), KEY)
    answered = redact(secret(data={"password": base64.b64encode(b"hunter2").decode()}), KEY)
    assert sent == answered


@given(st.dictionaries(st.text("ab", min_size=1), st.binary(min_size=6, max_size=20), min_size=1, max_size=3))
def test_no_value_survives(values: dict[str, bytes]):
    data = {name: base64.b64encode(value).decode() for name, value in values.items()}
    given_one = secret(data=data, metadata={"name": "x", "annotations": {LAST_APPLIED: str(data)}})
    before = copy.deepcopy(given_one)
    shown = str(redact(given_one, KEY))
    assert given_one == before
    for value in data.values():
        assert value not in shown


def test_the_copy_that_kubectl_keeps_is_dropped_from_every_kind():
    annotations = {LAST_APPLIED: "{}", "team": "blue"}
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "annotations": annotations}}
    assert redact(item, KEY)["metadata"]["annotations"] == {"team": "blue"}


def test_other_kinds_come_back_as_they_are():
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}}
    assert redact(item, KEY) is item


def test_what_is_no_base64_is_hidden_all_the_same():
    for value in ("half-a-secret!", "§-not-ascii", "\ud800 alone"):
        assert value not in str(redact(secret(data={"password": value}, stringData={"more": value}), KEY))
