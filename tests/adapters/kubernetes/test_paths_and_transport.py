"""Names stay names in an address; a slow, endless or strange server ends as one that is away."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from slipway.adapters.kubernetes import KubernetesClusters, transport
from slipway.adapters.kubernetes.cluster import KubernetesCluster
from slipway.engine.objects import ObjectKey
from slipway.ports.clusters import Access, NotServed, Refused, Unauthorized, Unreachable
from tests.adapters.kubernetes.certificates import certificate_pem, key_pem

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]

RESOURCES = {
    "/version": {"gitVersion": "v1.34.0+sandbox", "minor": "34+"},
    "/apis": {
        "groups": [
            {
                "name": "apps",
                "versions": [{"version": "v1beta1"}, {"version": "v1"}],
                "preferredVersion": {"version": "v1"},
            },
            {
                "name": "metrics.k8s.io",
                "versions": [{"version": "v1"}],
                "preferredVersion": {"version": "v1"},
            },
        ]
    },
    "/api/v1": {
        "resources": [
            {"name": "configmaps", "kind": "ConfigMap", "namespaced": True, "verbs": ["get"]},
            {"name": "namespaces", "kind": "Namespace", "namespaced": False},
            {"name": "pods", "kind": "Pod", "namespaced": True},
            {"name": "pods/log", "kind": "Pod", "namespaced": True},
            {"name": "events", "kind": "Event", "namespaced": True},
        ]
    },
    "/apis/apps/v1": {"resources": [{"name": "deployments", "kind": "Deployment", "namespaced": True}]},
    "/apis/apps/v1beta1": {"resources": [{"name": "deployments", "kind": "Deployment", "namespaced": True}]},
}


def answer(handler: http.server.BaseHTTPRequestHandler, body: object, status: int = 200) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


class Api:
    """A server of our own: answers discovery, and each other path as a test says."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, Answer] = {}


@pytest.fixture
def api(tmp_path) -> Iterator[tuple[Api, KubernetesCluster]]:
    told = Api()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            told.asked.append(path)
            if path in told.answers:
                told.answers[path](self)
            elif path in RESOURCES:
                answer(self, RESOURCES[path])
            else:
                answer(self, {"message": "no such thing"}, 404)

        def log_message(self, *arguments: object) -> None:
            pass

    (tmp_path / "cert").write_text(certificate_pem())
    (tmp_path / "key").write_text(key_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    clusters = KubernetesClusters(networks=("127.0.0.0/8", "::1/128"), redaction_key=b"k" * 32)
    access = Access(
        server=f"https://localhost:{server.server_port}", ca_pem=certificate_pem(), token="let-me-in"
    )
    cluster = connect_by_ipv4(clusters, access)
    yield told, cluster
    cluster.close()
    server.shutdown()
    server.server_close()
    thread.join()


def connect_by_ipv4(clusters: KubernetesClusters, access: Access) -> KubernetesCluster:
    """`localhost` may resolve to ::1 first, where nobody listens."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            "slipway.adapters.kubernetes.clusters.addresses.judged_addresses", lambda *_: ("127.0.0.1",)
        )
        return clusters.connect("one", access)


def key(name: str, namespace: str = "shop") -> ObjectKey:
    return ObjectKey("", "ConfigMap", namespace, name)


def test_discovery_says_what_is_served_and_leaves_out_a_group_that_is_down(api):
    _, cluster = api
    facts = cluster.facts()
    assert (facts.version, facts.minor, facts.simulated) == ("v1.34.0+sandbox", 34, True)
    assert facts.kinds["apps", "Deployment"].versions == ("v1", "v1beta1")
    assert facts.kinds["apps", "Deployment"].api_version == "apps/v1"
    assert facts.kinds["", "Pod"].plural == "pods"
    assert not facts.serves("metrics.k8s.io", "PodMetrics")


@pytest.mark.parametrize("name", ["..", ".", "a/b", "../../../namespaces/other/configmaps/x", "a%2e%2e"])
def test_a_name_that_leads_elsewhere_is_never_asked_for(api, name: str):
    told, cluster = api
    cluster.facts()
    told.asked.clear()
    with pytest.raises(Refused, match="is no name that an object may have"):
        cluster.read(key(name))
    with pytest.raises(Refused):
        cluster.read(key("conf", namespace=name))
    with pytest.raises(Refused):
        cluster.logs("shop", name)
    assert told.asked == []


def test_what_a_path_would_read_as_more_is_quoted(api):
    told, cluster = api
    assert cluster.read(key("system:web?force=true#x")) is None
    assert told.asked[-1] == "/api/v1/namespaces/shop/configmaps/system%3Aweb%3Fforce%3Dtrue%23x"


def test_an_object_that_is_not_there_is_none(api):
    _, cluster = api
    assert cluster.read(key("gone")) is None


def test_a_kind_that_nobody_serves_is_said_and_discovery_asked_again_only_now_and_then(api):
    told, cluster = api
    cluster.facts()
    told.asked.clear()
    for _ in range(5):
        with pytest.raises(NotServed, match=r"the cluster does not serve Rocket\.example\.net"):
            cluster.read(ObjectKey("example.net", "Rocket", "shop", "x"))
    assert told.asked.count("/version") <= 1


def test_an_answer_that_drips_is_ended_by_the_clock(api, monkeypatch: pytest.MonkeyPatch):
    told, cluster = api
    cluster.facts()
    monkeypatch.setattr(transport, "CALL_DEADLINE_SECONDS", 0.5)

    def drip(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        try:
            for _ in range(50):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.1)
        except OSError:
            pass

    told.answers["/api/v1/namespaces/shop/configmaps/slow"] = drip
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"no answer in time\."):
        cluster.read(key("slow"))
    assert time.monotonic() - began < 2


def test_an_answer_without_end_is_ended(api, monkeypatch: pytest.MonkeyPatch):
    told, cluster = api
    cluster.facts()
    monkeypatch.setattr(transport, "MOST_BYTES", 100_000)
    told.answers["/api/v1/namespaces/shop/configmaps/large"] = lambda handler: answer(
        handler, b"x" * 5_000_000
    )
    with pytest.raises(Unreachable, match="longer than any that an API gives"):
        cluster.read(key("large"))


def test_a_login_page_is_no_cluster(api):
    told, cluster = api
    told.answers["/api/v1/namespaces/shop/configmaps/page"] = lambda handler: answer(handler, b"<html>")
    with pytest.raises(Unreachable, match="speaks no Kubernetes"):
        cluster.read(key("page"))


def test_a_redirect_is_not_followed(api):
    told, cluster = api

    def elsewhere(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/api/v1/namespaces/shop/configmaps/other")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    told.answers["/api/v1/namespaces/shop/configmaps/moved"] = elsewhere
    with pytest.raises(Refused):
        cluster.read(key("moved"))
    assert "/api/v1/namespaces/shop/configmaps/other" not in told.asked


def test_what_we_may_not_list_of_pods_and_events_is_left_out(api):
    told, cluster = api
    base = "/api/v1/namespaces/shop"
    forbidden = {"message": "is forbidden", "reason": "Forbidden"}
    told.answers[f"{base}/pods"] = lambda handler: answer(handler, forbidden, 403)
    told.answers[f"{base}/events"] = lambda handler: answer(handler, forbidden, 403)
    web = {"metadata": {"name": "web", "namespace": "shop", "uid": "u"}}
    listing = {"metadata": {"resourceVersion": "5"}, "items": [web]}
    told.answers["/apis/apps/v1/namespaces/shop/deployments"] = lambda handler: answer(handler, listing)
    deployment = ObjectKey("apps", "Deployment", "shop", "web")
    snapshot = cluster.observe([deployment])
    assert snapshot.objects[deployment] is not None
    assert (snapshot.children, snapshot.events) == ((), ())


def test_what_we_may_not_list_of_the_release_itself_is_an_error(api):
    told, cluster = api
    forbidden = {"message": "is forbidden", "reason": "Forbidden"}
    told.answers["/api/v1/namespaces/shop/configmaps"] = lambda handler: answer(handler, forbidden, 403)
    with pytest.raises(Unauthorized):
        cluster.observe([key("conf")])


def test_a_certificate_that_is_not_the_one_we_know_is_refused(api):
    _, cluster = api
    port = int(cluster._transport._bases[0].rpartition(":")[2])  # where the fixture's server listens
    clusters = KubernetesClusters(networks=("127.0.0.0/8",), redaction_key=b"k" * 32)
    stranger = connect_by_ipv4(clusters, Access(server=f"https://localhost:{port}", token="x"))
    with pytest.raises(Unreachable, match="its certificate is not the one we know"):
        stranger.facts()
    other_name = connect_by_ipv4(
        KubernetesClusters(networks=("127.0.0.0/8",), redaction_key=b"k" * 32),
        Access(server=f"https://k8s.example.test:{port}", ca_pem=certificate_pem(), token="x"),
    )
    with pytest.raises(Unreachable, match="its certificate is for another name"):
        other_name.facts()


def test_nobody_listening_is_said_plainly():
    clusters = KubernetesClusters(networks=("127.0.0.0/8",), redaction_key=b"k" * 32)
    with pytest.raises(Unreachable, match=r"the connection is refused\."):
        clusters.connect("none", Access(server="https://127.0.0.1:1", token="x")).facts()
