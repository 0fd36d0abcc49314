"""A kubeconfig from a user is code: what it may say, and everything else refused by name, its contents unsaid."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml

from slipway.adapters.kubernetes.kubeconfig import parse_kubeconfig
from slipway.ports.clusters import Access, BadKubeconfig
from tests.adapters.kubernetes.certificates import certificate_pem, key_pem


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def kubeconfig(cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None, **top: Any) -> str:
    server = {"server": "https://k8s.example.test:6443"} | (cluster or {})
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "main",
            "contexts": [{"name": "main", "context": {"cluster": "c", "user": "u", "namespace": "ignored"}}],
            "clusters": [{"name": "c", "cluster": server}],
            "users": [{"name": "u", "user": {"token": "let-me-in"} if user is None else user}],
        }
        | top
    )


def refusal(text: str, **options: str) -> str:
    with pytest.raises(BadKubeconfig) as refused:
        parse_kubeconfig(text, **options)
    return str(refused.value)


def test_a_token_and_a_ca_are_taken():
    access = parse_kubeconfig(kubeconfig({"certificate-authority-data": encoded(certificate_pem())}))
    assert access == Access(
        server="https://k8s.example.test:6443", ca_pem=certificate_pem(), token="let-me-in"
    )


def test_a_client_certificate_is_taken():
    user = {
        "client-certificate-data": encoded(certificate_pem()),
        "client-key-data": encoded(key_pem()),
    }
    access = parse_kubeconfig(kubeconfig(user=user))
    assert access.client_certificate_pem == certificate_pem()
    assert access.client_key_pem == key_pem()
    assert access.token is None


def test_another_context_is_chosen_by_name():
    contexts = [{"name": "other", "context": {"cluster": "c", "user": "u"}}]
    assert parse_kubeconfig(kubeconfig(contexts=contexts), context="other").token == "let-me-in"


def test_credentials_are_not_in_its_text():
    assert "let-me-in" not in repr(parse_kubeconfig(kubeconfig()))


CLUSTER = {
    "insecure-skip-tls-verify": (True, "it turns TLS verification off"),
    "certificate-authority": (
        "/etc/ca.pem",
        "it names a file; paste the certificate as certificate-authority-data",
    ),
    "proxy-url": ("http://proxy.test", "it goes through a proxy"),
    "tls-server-name": ("other.test", "it checks TLS against another name"),
}
USER = {
    "exec": (
        {"command": "/bin/sh"},
        "it runs a program to get credentials; make a service account's token instead",
    ),
    "auth-provider": (
        {"name": "gcp"},
        "it uses an auth-provider; make a service account's token instead",
    ),
    "client-certificate": (
        "/etc/c.pem",
        "it names a file; paste the certificate as client-certificate-data",
    ),
    "client-key": ("/etc/k.pem", "it names a file; paste the key as client-key-data"),
    "tokenFile": ("/var/run/token", "it names a file; paste the token"),
    "username": ("ana", "it uses a password"),
    "password": ("hunter2", "it uses a password"),
    "as": ("admin", "it impersonates somebody"),
    "as-groups": (["system:masters"], "it impersonates somebody"),
    "as-uid": ("1", "it impersonates somebody"),
    "as-user-extra": ({"a": ["b"]}, "it impersonates somebody"),
}


@pytest.mark.parametrize("name", CLUSTER)
def test_a_clusters_entry_is_refused_by_name(name: str):
    value, why = CLUSTER[name]
    assert refusal(kubeconfig({name: value})) == f"The kubeconfig's cluster has “{name}”: {why}."


@pytest.mark.parametrize("name", USER)
def test_a_users_entry_is_refused_by_name_even_beside_a_token(name: str):
    value, why = USER[name]
    sentence = refusal(kubeconfig(user={"token": "let-me-in", name: value}))
    assert sentence == f"The kubeconfig's user has “{name}”: {why}."
    assert "hunter2" not in sentence


def test_an_entry_that_says_nothing_is_nothing():
    parse_kubeconfig(kubeconfig({"insecure-skip-tls-verify": False, "proxy-url": ""}))


BAD_SERVERS = {
    "http://k8s.example.test": "The kubeconfig's server must be an https:// address.",
    "k8s.example.test:6443": "The kubeconfig's server must be an https:// address.",
    "https://": "The kubeconfig's server must be an https:// address.",
    "": "The kubeconfig's server must be an https:// address.",
    "https://ana:hunter2@k8s.example.test": "The kubeconfig's server must be a plain https:// address.",
    "https://k8s.example.test?x=1": "The kubeconfig's server must be a plain https:// address.",
    "https://k8s.example.test#x": "The kubeconfig's server must be a plain https:// address.",
    "https://k8s.example.test:99999": "The kubeconfig's server is no address with a port.",
    "https://k8s.example.test:six": "The kubeconfig's server is no address with a port.",
    "https://[::1": "The kubeconfig's server is no address with a port.",
    "file:///etc/passwd": "The kubeconfig's server must be an https:// address.",
}


@pytest.mark.parametrize("server", BAD_SERVERS)
def test_a_server_must_be_a_plain_https_address(server: str):
    assert refusal(kubeconfig({"server": server})) == BAD_SERVERS[server]


MALFORMED = {
    "no YAML": ("a: [", "The kubeconfig is no YAML (line 1, column 5)."),
    "empty": ("", "The kubeconfig is empty or no mapping."),
    "a list": ("- a", "The kubeconfig is empty or no mapping."),
    "too large": ("#" * 300_000, "The kubeconfig is larger than 256 KB."),
    "an alias": ("a: &x [1]\nb: *x", "The kubeconfig uses YAML aliases; it needs none."),
    "nested without end": ("[" * 1_500, "The kubeconfig cannot be read as YAML."),
    "half a character": ("a: \ud800", "The kubeconfig is no YAML."),
    "a date that is none": ("a: 2024-99-99", "The kubeconfig cannot be read as YAML."),
    "an object of Python": (
        "!!python/object/apply:os.system [id]",
        "The kubeconfig is no YAML (line 1, column 1).",
    ),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_cannot_be_read_is_said_with_its_place(case: str):
    text, sentence = MALFORMED[case]
    assert refusal(text) == sentence


MISSING = {
    "no current context": (
        kubeconfig(**{"current-context": ""}),
        "The kubeconfig names no current context; say which one to use.",
    ),
    "a context that is not there": (
        kubeconfig(**{"current-context": "gone"}),
        "The kubeconfig has no context called gone.",
    ),
    "a cluster that is not there": (kubeconfig(clusters=[]), "The kubeconfig has no cluster called c."),
    "clusters that are no list": (kubeconfig(clusters=5), "The kubeconfig has no cluster called c."),
    "a user that is not there": (kubeconfig(users=None), "The kubeconfig has no user called u."),
    "no credentials": (
        kubeconfig(user={}),
        "The kubeconfig's user has neither a token nor a client certificate with its key.",
    ),
    "a certificate without its key": (
        kubeconfig(user={"client-certificate-data": encoded(certificate_pem())}),
        "The kubeconfig's user has neither a token nor a client certificate with its key.",
    ),
    "a CA that is no base64": (
        kubeconfig({"certificate-authority-data": "§"}),
        "The kubeconfig's certificate-authority-data is no base64 of a PEM text.",
    ),
    "a CA that is no certificate": (
        kubeconfig({"certificate-authority-data": encoded("hello")}),
        "The kubeconfig's certificate-authority-data holds no certificate.",
    ),
    "a key that is none": (
        kubeconfig(
            user={
                "client-certificate-data": encoded(certificate_pem()),
                "client-key-data": encoded("hello"),
            }
        ),
        "The kubeconfig's client-key-data holds no private key.",
    ),
    "a key behind a password": (
        kubeconfig(
            user={
                "client-certificate-data": encoded(certificate_pem()),
                "client-key-data": encoded(key_pem(b"hunter2")),
            }
        ),
        "The kubeconfig's client-key-data is encrypted; paste the key without a password.",
    ),
}


@pytest.mark.parametrize("case", MISSING)
def test_what_is_missing_is_named(case: str):
    text, sentence = MISSING[case]
    assert refusal(text) == sentence


@pytest.mark.parametrize("token", ["two\nlines", "with a space", "münster"])
def test_a_token_that_could_be_no_header_is_refused_without_being_said(token: str):
    sentence = refusal(kubeconfig(user={"token": token}))
    assert sentence == "The kubeconfig's token holds characters that no token has."
