"""Clients that speak to the API as it is served, and hold every answer to the API's own document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.speaking import Api
from tests.people import People


@pytest.fixture(autouse=True)
def fresh_cache(valkey: str) -> None:
    """What one test asked does not count against another."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def api(people: People) -> Callable[..., Api]:
    """`api(people.bo)` speaks as bo in acme, by a token of all scopes."""

    def speak(user: Any, organization: Any = None, *, scopes: tuple[str, ...] = (), **extra: Any) -> Api:
        return Api.of(user, organization or people.acme, scopes=scopes, **extra)

    return speak


MANIFESTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example.org/web:VERSION"}]}
"""


@pytest.fixture
def shop(people: People, api: Callable[..., Api]) -> Api:
    """acme with a cluster, dev and production (one approval), the application `shop` and its releases 1.0 and 1.1.
    Speaks as its owner."""
    from tests.people import actor, make_application, make_cluster, make_environment, make_release

    owner = actor(people.ana, people.acme)
    cluster = make_cluster(owner, slug="main")
    make_environment(owner, "dev", [cluster])
    make_environment(owner, "production", [cluster], approvals_needed=1, production=True)
    application = make_application(owner, slug="shop")
    for version in ("1.0", "1.1"):
        make_release(owner, application, version, MANIFESTS.replace("VERSION", version))
    return api(people.ana)
