"""Whole applications up release by release and back down, live equal to the release each time: the project's own
sample on every cluster, and the Online Boutique where its files are at hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.engine.phases import Kind
from tests.people import People
from tests.rollouts.driver import Driver, of
from tests.rollouts.journey import Journey, journey_on

OWN = Path(__file__).resolve().parents[2] / "deploy" / "samples"
SAMPLES = Path(os.environ.get("SLIPWAY_SAMPLES", OWN))
NEEDED = pytest.mark.skipif(
    not (SAMPLES / "online-boutique").is_dir(),
    reason="needs the Online Boutique: name its folder in SLIPWAY_SAMPLES",
)


def releases(folder: str, *, samples: Path = SAMPLES) -> list[tuple[str, str]]:
    """(version, text), oldest first."""
    files = (samples / folder).glob("v*.yaml")
    ordered = sorted(files, key=lambda path: [int(part) for part in path.stem[1:].split(".")])
    return [(path.stem, path.read_text()) for path in ordered]


@pytest.fixture
def on_sandbox(
    sandbox: object,
    transactional_database: str,
    people: People,
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Journey]:
    with journey_on(sandbox.kubeconfig, people, driver, monkeypatch) as made:  # type: ignore[attr-defined]  # the fixture's type
        yield made


@pytest.fixture
def on_real(
    real_cluster: object,
    transactional_database: str,
    people: People,
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Journey]:
    with journey_on(real_cluster.kubeconfig, people, driver, monkeypatch) as made:  # type: ignore[attr-defined]  # same
        yield made


def up_and_down(journey: Journey, chosen: list[tuple[str, str]]) -> None:
    journey.environment(delete_limit=1000)
    made, standing = [], {}
    for version, text in chosen:
        rollout = journey.start(journey.release(version, text))
        journey.succeeded(rollout, seconds=90)
        assert journey.differences() == [], version
        made.append(of(rollout).release)
        standing[version] = set(journey.names("Deployment", group="apps"))
    for release in reversed(made[:-1]):
        back = journey.start(release, kind=Kind.ROLLBACK)
        journey.succeeded(back, seconds=90)
        assert journey.differences() == [], release.version
        assert journey.target().live_version == release.version
        assert set(journey.names("Deployment", group="apps")) == standing[release.version]
    journey.audit_is_sound()


@pytest.mark.timeout(300)
def test_the_projects_own_sample_goes_up_and_back_down(journey: Journey) -> None:
    every = releases("harbour", samples=OWN)
    assert [version for version, _ in every] == ["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0"]
    up_and_down(journey, every)


@NEEDED
@pytest.mark.cluster
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_three_releases_go_up_and_back_down_on_the_real_control_plane(on_real: Journey) -> None:
    every = releases("online-boutique-k8s-1.20")
    up_and_down(on_real, [every[0], every[len(every) // 2], every[-1]])


@NEEDED
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_all_nine_releases_go_up_and_back_down_on_the_sandbox(on_sandbox: Journey) -> None:
    every = releases("online-boutique")
    assert len(every) == 9
    up_and_down(on_sandbox, every)


@NEEDED
@pytest.mark.cluster
def test_what_needs_a_newer_kubernetes_ends_in_a_clear_error_with_nothing_applied(on_real: Journey) -> None:
    if on_real.cluster.facts().minor >= 24:
        pytest.skip("this control plane takes the originals")
    version, text = releases("online-boutique")[-1]
    rollout = on_real.start(on_real.release(version, text))
    row = on_real.ended(rollout)
    assert row.phase == "failed"
    assert row.end_reason.startswith("The plan cannot be applied: ")
    assert row.first_write_at is None
    assert on_real.names("Deployment", group="apps") == []
    assert on_real.tap.names() == [], "not even the namespace"
