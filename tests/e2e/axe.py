"""What axe-core says of a page: `assert_accessible(page)` fails on whatever it calls serious or critical."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_SCRIPT = (
    Path(__file__).resolve().parents[2] / "var" / "npm" / "tools" / "node_modules" / "axe-core" / "axe.min.js"
)
_GRAVE = {"serious", "critical"}
_RUN = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false });
    return violations.map(({ id, impact, help, nodes }) => ({
        id, impact, help,
        nodes: nodes.map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary.split("\\n")[1]?.trim()}`),
    }));
}"""


def assert_accessible(page: Page) -> None:
    found = grave_findings(page)
    assert found == [], "\n".join(found)


def grave_findings(page: Page) -> list[str]:
    """One line for each rule and element. Moderate and minor ones (landmarks, orders of headings) are not reported."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_axe())
    violations: list[dict[str, Any]] = page.evaluate(_RUN)
    return [
        f"{found['impact']} {found['id']} ({found['help']}) at {node}"
        for found in violations
        if found["impact"] in _GRAVE
        for node in found["nodes"][:5]
    ]


@cache
def _axe() -> str:
    if not _SCRIPT.is_file():
        raise FileNotFoundError(f"{_SCRIPT} is missing: `make set-up` fetches axe-core.")
    return _SCRIPT.read_text()
