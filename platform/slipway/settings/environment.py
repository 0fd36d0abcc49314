"""The one reader of the process environment. Loud: a wrong value stops the start with one sentence."""

from __future__ import annotations

import base64
import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


class Environment:
    def __init__(self, values: Mapping[str, str] = os.environ) -> None:
        self._values = values

    def text(self, name: str, default: str | None = None) -> str:
        """The value, or the content of the file that `<name>_FILE` names (for secrets)."""
        if path := self._values.get(f"{name}_FILE"):
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ImproperlyConfigured(
                    f"{name}_FILE names {path}, which cannot be read: {error.strerror}."
                ) from error
        value = self._values.get(name, default)
        if value is None:
            raise ImproperlyConfigured(f"{name} is not set.")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self._values.get(name)
        if value is None:
            return default
        if value.lower() in {"1", "true", "yes", "on"}:
            return True
        if value.lower() in {"0", "false", "no", "off", ""}:
            return False
        raise ImproperlyConfigured(f"{name} is {value!r}; it is either true or false.")

    def integer(self, name: str, default: int, *, least: int = 0) -> int:
        value = self._values.get(name)
        if value is None:
            return default
        if not value.isdecimal() or int(value) < least:
            raise ImproperlyConfigured(f"{name} is {value!r}; it is a whole number of at least {least}.")
        return int(value)

    def items(self, name: str, default: str = "") -> list[str]:
        return [item for part in self.text(name, default).split(",") if (item := part.strip())]

    def networks(self, name: str) -> list[str]:
        """CIDRs, with commas between them."""
        found = self.items(name)
        for item in found:
            try:
                ipaddress.ip_network(item, strict=False)
            except ValueError:
                raise ImproperlyConfigured(
                    f"{name} holds {item!r}, which is no network like 10.0.0.0/8."
                ) from None
        return found

    def key(self, name: str) -> bytes:
        """32 bytes, written in base64."""
        try:
            value = base64.b64decode(self.text(name), altchars=b"-_", validate=True)
        except ValueError:
            value = b""
        if len(value) != 32:
            raise ImproperlyConfigured(f"{name} is not 32 bytes in base64.")
        return value

    def database(self, name: str, *, pool: bool = False) -> dict[str, Any]:
        """A `postgres://user:password@host:port/name?sslmode=…` URL as Django's settings."""
        wrong = ImproperlyConfigured(f"{name} is no postgres://user:password@host:port/name address.")
        try:
            url = urlsplit(self.text(name))
            port = url.port or 5432
        except ValueError:
            raise wrong from None  # its text holds a password: it is not shown
        if url.scheme not in {"postgres", "postgresql"} or not url.path.strip("/"):
            raise wrong
        options: dict[str, Any] = dict(parse_qsl(url.query))
        if pool:
            options["pool"] = {"min_size": 1, "max_size": 12, "timeout": 10}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.lstrip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": url.hostname or "",
            "PORT": str(port),
            "OPTIONS": options,
            "CONN_HEALTH_CHECKS": not pool,
            "CONN_MAX_AGE": 0 if pool else 60,
        }

    def redis(self, database: int) -> str:
        """The Valkey (or Redis) address with one of its databases: 0 broker, 1 channel layer, 2 cache."""
        url = self.text("SLIPWAY_REDIS_URL").rstrip("/")
        if not url.startswith(("redis://", "rediss://", "unix://")):
            raise ImproperlyConfigured("SLIPWAY_REDIS_URL is no redis://host:port address.")
        return f"{url}/{database}"
