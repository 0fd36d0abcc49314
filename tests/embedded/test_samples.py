from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from slipway.adapters.manifests import PlainRenderer
from slipway.embedded.demo import samples

OWN = Path(__file__).resolve().parents[2] / "deploy" / "samples" / "harbour"
# What Kubernetes 1.20 serves, of the groups that the sample uses.
_SERVED = {("v1", "ConfigMap"), ("v1", "Secret"), ("v1", "Service"), ("apps/v1", "Deployment")}


def documents(path: Path) -> dict[tuple[str, str], dict[str, object]]:
    found = [document for document in yaml.safe_load_all(path.read_text()) if document]
    return {(document["kind"], document["metadata"]["name"]): document for document in found}


@pytest.fixture
def boutique(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("online-boutique", "online-boutique-k8s-1.20"):
        (tmp_path / folder).mkdir()
        for version in ("v0.10.0", "v0.8.1", "v0.9.0", "v0.10.2"):
            (tmp_path / folder / f"{version}.yaml").write_text("")
    monkeypatch.setenv("SLIPWAY_SAMPLES", str(tmp_path))
    return tmp_path


def test_releases_are_ordered_as_versions_and_the_step_that_adds_objects_is_shown(boutique: Path) -> None:
    sample = samples.choose(minor=34)
    assert [path.stem for path in sample.releases] == ["v0.8.1", "v0.9.0", "v0.10.0", "v0.10.2"]
    assert [path.stem for path in sample.first_two()] == ["v0.9.0", "v0.10.0"]
    assert sample.note == ""
    assert sample.releases[0].parent.name == "online-boutique"


def test_a_cluster_older_than_1_24_takes_the_set_without_grpc_probes_and_is_told(boutique: Path) -> None:
    sample = samples.choose(minor=23)
    assert sample.releases[0].parent.name == "online-boutique-k8s-1.20"
    assert sample.note == "Kubernetes 1.23 has no gRPC probes: the set with TCP probes is taken."


def test_where_the_boutique_is_absent_our_own_sample_is_taken_and_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPWAY_SAMPLES", str(tmp_path))
    sample = samples.choose(minor=34)
    assert (sample.slug, sample.releases[0].parent) == ("harbour", OWN)
    assert sample.note == (
        f"The Online Boutique is not in {tmp_path} (SLIPWAY_SAMPLES): Slipway's own sample is taken."
    )
    monkeypatch.delenv("SLIPWAY_SAMPLES")
    assert samples.choose(minor=34).slug == "harbour"


def test_our_own_sample_uses_nothing_that_kubernetes_1_20_does_not_serve() -> None:
    releases = sorted(OWN.glob("*.yaml"))
    assert [path.stem for path in releases] == ["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0"]
    for path in releases:
        for document in documents(path).values():
            assert (document["apiVersion"], document["kind"]) in _SERVED
        assert len(PlainRenderer().render({"manifests.yaml": path.read_bytes()}, "")) == len(documents(path))


def test_its_releases_change_an_image_a_setting_add_an_object_and_remove_one() -> None:
    first, second, third, fourth = (documents(path) for path in sorted(OWN.glob("*.yaml")))

    def changed(before: dict[tuple[str, str], object], after: dict[tuple[str, str], object]) -> set[str]:
        return {
            name for (kind, name) in before.keys() & after.keys() if before[kind, name] != after[kind, name]
        }

    assert first.keys() == second.keys()
    assert changed(first, second) == {"harbour-settings", "berths", "tides"}
    assert third.keys() - second.keys() == {("Deployment", "announcer"), ("Service", "announcer")}
    assert third.keys() - fourth.keys() == {("Deployment", "tides")}
