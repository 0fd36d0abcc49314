"""A user's kubeconfig is code: the official loader would run its `exec:` entries and read its file paths.

So it is parsed here to server, CA, token or client certificate, and everything else is refused by name.
"""

from __future__ import annotations

import base64
import ssl
from typing import Any
from urllib.parse import urlsplit

import yaml

from slipway.ports.clusters import Access, BadKubeconfig

MOST_BYTES = 256 * 1024

_REFUSED_CLUSTER = {
    "insecure-skip-tls-verify": "it turns TLS verification off",
    "certificate-authority": "it names a file; paste the certificate as certificate-authority-data",
    "proxy-url": "it goes through a proxy",
    "tls-server-name": "it checks TLS against another name",
}
_REFUSED_USER = {
    "exec": "it runs a program to get credentials; make a service account's token instead",
    "auth-provider": "it uses an auth-provider; make a service account's token instead",
    "client-certificate": "it names a file; paste the certificate as client-certificate-data",
    "client-key": "it names a file; paste the key as client-key-data",
    "tokenFile": "it names a file; paste the token",
    "username": "it uses a password",
    "password": "it uses a password",
    "as": "it impersonates somebody",
    "as-groups": "it impersonates somebody",
    "as-uid": "it impersonates somebody",
    "as-user-extra": "it impersonates somebody",
}


class _Loader(yaml.SafeLoader):
    """Refuses aliases: a kubeconfig needs none, and a bomb is made of nothing else."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise BadKubeconfig("The kubeconfig uses YAML aliases; it needs none.")
        return super().compose_node(parent, index)


def parse_kubeconfig(text: str, *, context: str = "") -> Access:
    """Raises BadKubeconfig with one sentence that names what is refused or missing."""
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise BadKubeconfig("The kubeconfig is larger than 256 KB.")
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader without aliases
    except BadKubeconfig:
        raise
    except (RecursionError, ValueError):
        raise BadKubeconfig("The kubeconfig cannot be read as YAML.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise BadKubeconfig(f"The kubeconfig is no YAML{where}.") from None
    if not isinstance(document, dict):
        raise BadKubeconfig("The kubeconfig is empty or no mapping.")
    chosen = _entry(document, "contexts", context or _text(document, "current-context"), "context")
    cluster = _entry(document, "clusters", _text(chosen, "cluster"), "cluster")
    user = _entry(document, "users", _text(chosen, "user"), "user")
    for part, refused, what in ((cluster, _REFUSED_CLUSTER, "cluster"), (user, _REFUSED_USER, "user")):
        for name, why in refused.items():
            if part.get(name) not in (None, False, ""):
                raise BadKubeconfig(f"The kubeconfig's {what} has “{name}”: {why}.")
    server = _text(cluster, "server")
    try:
        address = urlsplit(server)
        port_is_one = address.port != 0
    except ValueError:
        port_is_one = False
    if not port_is_one:
        raise BadKubeconfig("The kubeconfig's server is no address with a port.")
    if address.scheme != "https" or not address.hostname:
        raise BadKubeconfig("The kubeconfig's server must be an https:// address.")
    if address.username or address.password or address.query or address.fragment:
        raise BadKubeconfig("The kubeconfig's server must be a plain https:// address.")
    access = Access(
        server=server.rstrip("/"),
        ca_pem=_data(cluster, "certificate-authority-data"),
        token=_token(user),
        client_certificate_pem=_data(user, "client-certificate-data"),
        client_key_pem=_data(user, "client-key-data"),
    )
    if access.token is None and (access.client_certificate_pem is None or access.client_key_pem is None):
        raise BadKubeconfig(
            "The kubeconfig's user has neither a token nor a client certificate with its key."
        )
    _check_pem(access)
    return access


def _token(user: dict[str, Any]) -> str | None:
    token = str(user.get("token") or "").strip()
    # It becomes a header: a line break in it would be refused later, by an error that shows it.
    if not token.isascii() or not token.isprintable() or " " in token:
        raise BadKubeconfig("The kubeconfig's token holds characters that no token has.")
    return token or None


def _check_pem(access: Access) -> None:
    """Said now, by name, and not at every later connection."""
    for name, pem in (
        ("certificate-authority-data", access.ca_pem),
        ("client-certificate-data", access.client_certificate_pem),
    ):
        if pem is None:
            continue
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
        except (ssl.SSLError, ValueError):
            raise BadKubeconfig(f"The kubeconfig's {name} holds no certificate.") from None
    key = access.client_key_pem
    if key is not None and "PRIVATE KEY-----" not in key:
        raise BadKubeconfig("The kubeconfig's client-key-data holds no private key.")
    if key is not None and "ENCRYPTED" in key:
        # OpenSSL would ask the terminal for the password.
        raise BadKubeconfig(
            "The kubeconfig's client-key-data is encrypted; paste the key without a password."
        )


def _entry(document: dict[str, Any], part: str, name: str, inner: str) -> dict[str, Any]:
    if not name:
        raise BadKubeconfig(f"The kubeconfig names no current {inner}; say which one to use.")
    entries = document.get(part)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("name") == name and isinstance(entry.get(inner), dict):
            found: dict[str, Any] = entry[inner]
            return found
    raise BadKubeconfig(f"The kubeconfig has no {inner} called {name}.")


def _text(part: dict[str, Any], name: str) -> str:
    value = part.get(name, "")
    return value if isinstance(value, str) else ""


def _data(part: dict[str, Any], name: str) -> str | None:
    value = part.get(name)
    if not value:
        return None
    try:
        return base64.b64decode(str(value), validate=True).decode("ascii")
    except ValueError:  # no base64, or no ASCII on either side
        raise BadKubeconfig(f"The kubeconfig's {name} is no base64 of a PEM text.") from None
