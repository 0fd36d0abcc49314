from __future__ import annotations

import re
from pathlib import Path


def test_every_setting_is_in_the_configuration_reference() -> None:
    root = Path(__file__).resolve().parents[2]
    settings = "".join(path.read_text() for path in (root / "platform/slipway/settings").glob("*.py"))
    names = set(re.findall(r"env\.(?:text|flag|integer|items|database)\(\s*\"([A-Z_]+)\"", settings))
    assert len(names) > 15
    reference = (root / "docs" / "configuration.md").read_text()
    assert [name for name in sorted(names | {"SLIPWAY_REDIS_URL"}) if f"`{name}`" not in reference] == []
