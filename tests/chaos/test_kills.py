"""Every kind of process killed once, in the middle of a rollout, by a seed. `make soak` does it 200 times."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.kills import VICTIMS, Yard, kill_in_the_middle
from tests.stacks.stack import running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    with running(tmp_path_factory.mktemp("chaos")) as stack:
        yard = Yard(stack)
        yard.open()
        yield yard


@pytest.mark.parametrize(("seed", "victim"), list(enumerate(VICTIMS, start=20260001)), ids=VICTIMS)
def test_a_rollout_goes_on_by_itself_and_does_nothing_twice(yard: Yard, seed: int, victim: str) -> None:
    kill_in_the_middle(yard, seed=seed, victim=victim)


def test_after_all_kills_the_audit_chain_is_sound(yard: Yard) -> None:
    with yard.stack.client() as api:
        verdict = api.get("audit/verify/").json()
    assert verdict["sound"], verdict
