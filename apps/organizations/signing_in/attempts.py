"""How fast one may guess. Every failure in a row makes the next try wait longer; nobody's failures shut out anybody else.

Counted per (who tries, whom they try to be). Who tries is a browser that this person has signed in with before, known by
a signed cookie, or else a network. So a stranger's guesses slow the stranger: the person's own browsers have counters of
their own, and so has everybody elsewhere. A network is counted over all accounts, too, against one password tried on many.

1. begin: locks the counters in one order, refuses when it is too soon, counts the try as failed before anything is
   checked; tries that run at the same time therefore count, too.
2. succeeded: the account's counter is gone, the network's loses this one try alone, so that signing in to an account of
   one's own between guesses wins nothing.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.core.addresses import address_of
from apps.organizations.signing_in.browsers import known_browser
from apps.organizations.signing_in.models import FailedSignIns

FORGOTTEN_AFTER = timedelta(hours=24)
_ANYBODY = b""


@dataclass(frozen=True, slots=True)
class Rule:
    free: int  # failures in a row before the first wait
    longest_seconds: int


ONE_ACCOUNT = Rule(free=5, longest_seconds=900)
ANY_ACCOUNT = Rule(free=50, longest_seconds=300)
# Codes have six digits, and who tries them knows the password already. So browsers that are not known wait for each
# other here; the person's own do not.
CODES_FROM_ANYWHERE = Rule(free=20, longest_seconds=60)


class TooSoon(Exception):
    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    @property
    def sentence(self) -> str:
        unit = "second" if self.seconds == 1 else "seconds"
        return f"Too many failed tries. Try again in {self.seconds} {unit}."


@dataclass(frozen=True, slots=True)
class Attempt:
    counters: tuple[tuple[bytes, bytes], ...]
    failures: int  # in a row for this account, this one included unless it succeeds


def wait_seconds(failures: int, rule: Rule) -> int:
    """free=5: nothing up to the 4th failure, 1 s after the 5th, then 2, 4, 8 … up to the longest."""
    if failures < rule.free:
        return 0
    return int(min(2 ** min(failures - rule.free, 20), rule.longest_seconds))


def begin(request: HttpRequest, account: str, *, codes: bool = False, now: datetime | None = None) -> Attempt:
    """`account` is the address that was typed, whether there is such a person or not. Raises TooSoon."""
    now = now or timezone.now()
    account = account.strip().lower()
    key = _digest(f"code:{account}" if codes else f"account:{account}")
    browser = known_browser(request, account)
    if browser is not None:
        rules = {(_digest(f"browser:{browser}"), key): ONE_ACCOUNT}
    else:
        network = _digest(f"network:{network_of(address_of(request.META))}")
        rules = {(network, key): ONE_ACCOUNT, (network, _ANYBODY): ANY_ACCOUNT}
        if codes:
            rules[_digest("anywhere"), key] = CODES_FROM_ANYWHERE
    with transaction.atomic():
        rows = [(_locked(*counter, now), rule) for counter, rule in rules.items()]
        waits = [_left(row, rule, now) for row, rule in rows]
        if max(waits) > 0:
            raise TooSoon(ceil(max(waits)))
        for row, _ in rows:
            row.failures, row.last_at = row.failures + 1, now
            row.save(update_fields=["failures", "last_at"])
    return Attempt(tuple(rules), rows[0][0].failures)


def succeeded(attempt: Attempt) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for subject, account in attempt.counters:
            if account == _ANYBODY:
                cursor.execute(
                    "UPDATE failed_sign_ins SET failures = GREATEST(failures - 1, 0) WHERE subject = %s AND account = %s",
                    [subject, account],
                )
            else:
                FailedSignIns.objects.filter(subject=subject, account=account).delete()


def network_of(address: str) -> str:
    """Who has an IPv6 address has 2**64 of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def forget_old(now: datetime | None = None) -> int:
    """Counters that count for nothing any more."""
    old = (now or timezone.now()) - FORGOTTEN_AFTER
    deleted, _ = FailedSignIns.objects.filter(last_at__lt=old).delete()
    return deleted


def _locked(subject: bytes, account: bytes, now: datetime) -> FailedSignIns:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO failed_sign_ins (subject, account, failures, last_at) VALUES (%s, %s, 0, %s) "
            "ON CONFLICT (subject, account) DO NOTHING",
            [subject, account, now],
        )
    return FailedSignIns.objects.select_for_update().get(subject=subject, account=account)


def _left(row: FailedSignIns, rule: Rule, now: datetime) -> float:
    if now - row.last_at > FORGOTTEN_AFTER:
        row.failures = 0
    until = row.last_at + timedelta(seconds=wait_seconds(row.failures, rule))
    return (until - now).total_seconds()


def _digest(text: str) -> bytes:
    """Keyed: from the table alone nobody learns who was tried, from where."""
    return salted_hmac("slipway.sign-in", text, algorithm="sha256").digest()
