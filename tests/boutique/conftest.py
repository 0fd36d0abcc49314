from __future__ import annotations

from tests.rollouts.conftest import driver, journey

__all__ = ["driver", "journey"]
