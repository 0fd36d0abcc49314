from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.promotion import Mode, Promotion, Stage, promote

DEV = Stage("dev", Mode.AUTO)
STAGING = Stage("staging", Mode.AUTO, standing=4)
PRODUCTION = Stage("production", Mode.APPROVE, standing=3, wanted=4)
STAGES = (DEV, STAGING, PRODUCTION)


@pytest.mark.parametrize(
    ("release", "succeeded_in", "expected"),
    [
        (5, None, Promotion("dev", "a new release; dev starts by itself")),
        (5, "dev", Promotion("staging", "succeeded in dev; staging starts by itself")),
        (4, "dev", None),  # it stands there already
        (3, "dev", None),  # never an older one over a newer one
        (5, "staging", Promotion("production", "succeeded in staging; production starts by itself")),
        (4, "staging", None),  # it waits there already
        (5, "production", None),  # the last one
        (5, "an environment that was removed", None),
    ],
)
def test_a_release_moves_on_to_the_next_environment(
    release: int, succeeded_in: str | None, expected: Promotion | None
):
    assert promote(STAGES, release=release, succeeded_in=succeeded_in) == expected


def test_a_manual_environment_waits_for_a_person():
    assert promote((Stage("dev", Mode.MANUAL),), release=1, succeeded_in=None) is None


def test_without_environments_a_release_goes_nowhere():
    assert promote((), release=1, succeeded_in=None) is None


stages = st.lists(
    st.builds(
        Stage,
        st.sampled_from("abcd"),
        st.sampled_from(list(Mode)),
        st.none() | st.integers(1, 9),
        st.none() | st.integers(1, 9),
    ),
    unique_by=lambda stage: stage.environment,
)


@given(stages, st.integers(1, 9), st.none() | st.sampled_from("abcd"))
def test_it_is_never_put_over_a_newer_one_nor_past_an_environment(
    stages: list[Stage], release: int, succeeded_in: str | None
):
    found = promote(stages, release=release, succeeded_in=succeeded_in)
    if found is None:
        return
    names = [stage.environment for stage in stages]
    index = names.index(found.environment)
    assert index == (0 if succeeded_in is None else names.index(succeeded_in) + 1)
    assert stages[index].mode is not Mode.MANUAL
    assert release > max(stages[index].standing or 0, stages[index].wanted or 0)
