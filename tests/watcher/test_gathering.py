from __future__ import annotations

import threading
import time
from uuid import UUID

from slipway.engine.objects import ObjectKey
from slipway.watcher.gathering import Gatherer
from slipway.watcher.kinship import Change
from tests.watcher.conftest import until

CLUSTER, SHOP, BANK = UUID(int=1), UUID(int=2), UUID(int=3)
WEB = ObjectKey("apps", "Deployment", "shop", "web")
API = ObjectKey("apps", "Deployment", "shop", "api")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_comes_within_twenty_milliseconds_is_one_call_and_the_next_is_a_tenth_of_a_second_later() -> (
    None
):
    clock = Clock()
    gatherer = Gatherer(lambda cluster, moved: None, now=clock)
    gatherer.put(CLUSTER, [Change(SHOP, WEB)])
    gatherer.put(CLUSTER, [Change(SHOP, API, edited=True), Change(SHOP, WEB)])
    assert gatherer.take_due() == {}
    clock.now = 100.021
    found = gatherer.take_due()[CLUSTER][SHOP]
    assert (found.keys, found.edited) == ({WEB, API}, {API})

    gatherer.put(CLUSTER, [Change(SHOP, WEB)])
    gatherer.put(CLUSTER, [Change(BANK, WEB)])
    clock.now = 100.05
    assert list(gatherer.take_due().get(CLUSTER, {})) == [BANK]  # another target does not wait for this one
    clock.now = 100.122
    assert list(gatherer.take_due()[CLUSTER]) == [SHOP]
    assert gatherer.take_due() == {}


def test_the_teller_delivers_soon_survives_silence_and_ends_with_nothing_left() -> None:
    heard: list[tuple[float, set[UUID]]] = []
    gatherer = Gatherer(lambda cluster, moved: heard.append((time.monotonic(), set(moved))))
    teller = threading.Thread(target=gatherer.run)
    teller.start()
    put = time.monotonic()
    gatherer.put(CLUSTER, [Change(SHOP, WEB)])
    until(lambda: heard)
    assert heard[0][0] - put < 0.15
    for _ in range(50):
        gatherer.put(CLUSTER, [Change(SHOP, WEB)])
        time.sleep(0.005)
    gatherer.end()
    teller.join(2)
    assert not teller.is_alive()
    assert 2 <= len(heard) <= 6
