"""HTTP to an address that some organization's owner typed in. The name is resolved once, every address is judged, the
connection is pinned to one of them; no redirects, no proxies, little time, few bytes.

Shaped as a `requests.Session`, because that is what allauth asks of an identity provider with.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from slipway.adapters.kubernetes.addresses import AddressRefused, judged_addresses
from slipway.ports.clusters import Unreachable
from slipway.ports.web import Unanswered

SETTING = "SLIPWAY_SIGN_IN_NETWORKS"
MOST_BYTES = 1024 * 1024
SECONDS = 6.0
_PIECE_SECONDS = 3.0


class Refused(requests.RequestException):
    """A sentence about the address, not about what it holds."""


class _Pinned(HTTPAdapter):
    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = tuple(networks)
        super().__init__(max_retries=0)

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        parts = urlsplit(request.url or "")
        name = parts.hostname or ""
        addresses = _judged(parts.scheme, name, parts.port, self._networks)
        host, pool = self.build_connection_pool_key_attributes(request, verify, cert)
        host["host"] = addresses[0]
        if parts.scheme == "https":  # TLS still wants a certificate for the name
            pool["server_hostname"] = pool["assert_hostname"] = name
        return self.poolmanager.connection_from_host(**host, pool_kwargs=pool)


class GuardedSession(requests.Session):
    def __init__(self, networks: Sequence[str] = ()) -> None:
        super().__init__()
        self.trust_env = False  # no proxies, no .netrc
        self.adapters.clear()
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Pinned(networks))

    def send(self, request: requests.PreparedRequest, **keywords: Any) -> requests.Response:
        ends_at = time.monotonic() + SECONDS
        request.headers["Host"] = urlsplit(request.url or "").netloc.rpartition("@")[2]
        keywords |= {"allow_redirects": False, "stream": True, "timeout": _PIECE_SECONDS, "verify": True}
        answer = super().send(request, **keywords)
        if answer.is_redirect:
            answer.close()
            raise Refused("It answers with a redirect, which is not followed.")
        whole = b""
        for piece in answer.iter_content(65536):
            whole += piece
            if len(whole) > MOST_BYTES or time.monotonic() > ends_at:
                answer.close()
                raise Refused("Its answer is too long or takes too long.")
        answer._content = whole  # what `requests` itself does when it reads to the end
        return answer


class GuardedDocuments:
    def __init__(self, networks: Sequence[str] = ()) -> None:
        self._networks = tuple(networks)

    def read_json(self, url: str) -> dict[str, Any]:
        try:
            with GuardedSession(self._networks) as session:
                answer = session.get(url)
                status = answer.status_code
                found = answer.json() if status == requests.codes.ok else None
        except Refused as error:
            raise Unanswered(str(error)) from None
        except requests.exceptions.JSONDecodeError:
            raise Unanswered("What it answers is no JSON.") from None
        except (requests.RequestException, ValueError):
            raise Unanswered("Nothing answers there, or not in time.") from None
        if status != requests.codes.ok:
            raise Unanswered(f"It answers with status {status}.")
        if not isinstance(found, dict):
            raise Unanswered("What it answers is no JSON object.")
        return found


def _judged(scheme: str, name: str, port: int | None, networks: Sequence[str]) -> tuple[str, ...]:
    if "@" in name or scheme not in {"https", "http"}:
        raise Refused("An address starts with https://.")
    shown = f"[{name}]" if ":" in name else name
    try:
        addresses = judged_addresses(f"{scheme}://{shown}:{port or _PORTS[scheme]}", networks)
    except AddressRefused:
        raise Refused(
            f"{name} is no public address. The operator can allow a private network in {SETTING}."
        ) from None
    except Unreachable as error:
        raise Refused(str(error)) from None
    # Without TLS only to this very machine, and only where the operator allows that: for trying things out.
    if scheme == "http" and not all(ipaddress.ip_address(address).is_loopback for address in addresses):
        raise Refused("An address starts with https://.")
    return addresses


_PORTS = {"https": 443, "http": 80}
