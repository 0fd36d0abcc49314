"""Images taken apart, protocols filled in, digests that see content and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.manifests import ImageReference, content_digest, fill_protocols, images_of
from tests.engine.manifests.bundles import config, deployment, thing

DIGEST = "sha256:" + "b" * 64


@pytest.mark.parametrize(
    ("text", "repository", "tag", "digest"),
    [
        ("busybox", "busybox", "", ""),
        ("busybox:1.36", "busybox", "1.36", ""),
        ("registry.test:5000/a/b", "registry.test:5000/a/b", "", ""),
        ("registry.test:5000/a/b:v2", "registry.test:5000/a/b", "v2", ""),
        (f"a/b@{DIGEST}", "a/b", "", DIGEST),
        (f"a/b:v2@{DIGEST}", "a/b", "v2", DIGEST),
        ("a/b@sha256:short", "a/b", "", ""),
    ],
)
def test_an_image_is_taken_apart(text: str, repository: str, tag: str, digest: str):
    image = ImageReference.parse(text)
    assert (image.repository, image.tag, image.digest) == (repository, tag, digest)
    assert image.pinned is bool(digest)


def test_images_are_found_in_every_container():
    pod = {
        "initContainers": [{"name": "init", "image": "a:1"}],
        "containers": [{"name": "c", "image": "b:2"}],
    }
    found = [(where, str(image)) for where, image in images_of(deployment(**pod))]
    assert found == [("Deployment web/init", "a:1"), ("Deployment web/c", "b:2")]


def test_a_kind_without_pods_has_no_images():
    assert list(images_of(config())) == []


def test_protocols_are_filled_in_where_they_are_missing():
    service = thing("Service", spec={"ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}]})
    assert fill_protocols(service)["spec"]["ports"] == [
        {"port": 80, "protocol": "TCP"},
        {"port": 53, "protocol": "UDP"},
    ]
    pods = deployment(containers=[{"name": "c", "ports": [{"containerPort": 8080}]}])
    filled = fill_protocols(pods)
    assert filled["spec"]["template"]["spec"]["containers"][0]["ports"][0]["protocol"] == "TCP"
    assert fill_protocols(filled) == filled
    assert "protocol" not in pods["spec"]["template"]["spec"]["containers"][0]["ports"][0]


@given(st.lists(st.dictionaries(st.text(max_size=3), st.integers(), max_size=3), max_size=4), st.randoms())
def test_a_content_digest_sees_neither_the_order_of_documents_nor_of_keys(documents: list[dict], random):
    mixed = [dict(random.sample(sorted(one.items()), len(one))) for one in documents]
    random.shuffle(mixed)
    assert content_digest(mixed) == content_digest(documents)


def test_a_content_digest_sees_every_value():
    assert content_digest([config(mode="fast")]) != content_digest([config(mode="slow")])
    assert content_digest([config()]) != content_digest([config(), config()])
