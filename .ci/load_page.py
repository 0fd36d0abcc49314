"""Loads a page and everything it names: style sheets, scripts, pictures, and the fonts that its style sheets name.

Standard library only. Waits a minute for the server to come up.
"""

from __future__ import annotations

import re
import sys
import time
import urllib.error
import urllib.request
from html.parser import HTMLParser
from urllib.parse import urljoin

_PATIENCE_SECONDS = 90


class _Named(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        name = values.get("src") or (values.get("href") if tag == "link" else None)
        if name and not name.startswith("data:"):
            self.found.append(name)


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310  the address is our own server's
        body: bytes = answer.read()
    if not body:
        sys.exit(f"{address} is empty.")
    return body


def first_page(address: str) -> bytes:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return get(address)
        except (urllib.error.URLError, ConnectionError) as error:
            if isinstance(error, urllib.error.HTTPError) or time.monotonic() > deadline:
                sys.exit(f"{address}: {error}")
            time.sleep(0.3)


def main(address: str) -> None:
    page = _Named()
    page.feed(first_page(address).decode())
    waiting = [urljoin(address, name) for name in page.found]
    loaded: set[str] = set()
    while waiting:
        asset = waiting.pop()
        if asset in loaded:
            continue
        body = get(asset)
        loaded.add(asset)
        if asset.partition("?")[0].endswith(".css"):
            names = re.findall(r"url\([\"']?(?!data:)([^)\"'#]+)", body.decode())
            waiting += [urljoin(asset, name) for name in names]
    for kind in (".css", ".js", ".woff2"):
        if not any(name.endswith(kind) for name in loaded):
            sys.exit(f"{address} loads no {kind} at all.")
    print(f"{address} and {len(loaded)} assets load")  # noqa: T201  a command's answer


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.url}: {error}")
