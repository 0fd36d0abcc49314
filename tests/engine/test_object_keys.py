from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.objects import ObjectKey, annotations_of

names = st.text("abc-.:", min_size=1, max_size=8)


@given(st.sampled_from(["", "apps", "networking.k8s.io"]), st.sampled_from(["Pod", "Ingress"]), names, names)
def test_a_key_survives_being_written(group: str, kind: str, namespace: str, name: str):
    key = ObjectKey(group, kind, namespace, name)
    assert ObjectKey.parse(str(key)) == key


@pytest.mark.parametrize(
    ("manifest", "text"),
    [
        (
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}},
            "Deployment.apps/shop/web",
        ),
        ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}, "Namespace//shop"),
        (
            {"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "web"}},
            "Deployment.apps//web",
        ),
    ],
)
def test_the_version_is_no_part_of_an_identity(manifest: dict, text: str):
    assert str(ObjectKey.of(manifest)) == text


def test_annotations_that_are_no_mapping_read_as_none():
    assert annotations_of({"metadata": {"annotations": "x"}}) == {}
    assert annotations_of({"metadata": {"annotations": {"slipway.dev/wave": 3}}}) == {"slipway.dev/wave": "3"}
