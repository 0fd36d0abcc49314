"""TXT records from the machine's resolver, or from the servers that are named."""

from __future__ import annotations

from collections.abc import Sequence

import dns.exception
import dns.name
import dns.resolver

from slipway.ports.names import NamesUnavailable

_SECONDS = 4.0


class ResolverTextRecords:
    def __init__(self, servers: Sequence[str] = (), *, port: int = 53, seconds: float = _SECONDS) -> None:
        self._resolver = dns.resolver.Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers = list(servers)
            self._resolver.port = port
        self._resolver.lifetime = seconds

    def texts(self, name: str) -> tuple[str, ...]:
        try:
            # Absolute: a search list would answer for another domain than the one that is to be proven.
            found = self._resolver.resolve(dns.name.from_text(name), "TXT", search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.exception.DNSException:
            raise NamesUnavailable(f"The name system did not answer about {name}.") from None
        # A record longer than 255 bytes comes in pieces that belong together.
        return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in found)
