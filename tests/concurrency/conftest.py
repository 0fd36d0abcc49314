from __future__ import annotations

from tests.rollouts.conftest import driver

__all__ = ["driver"]
