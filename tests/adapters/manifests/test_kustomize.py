"""The real `kubectl kustomize`, on a leash: what a bundle may name, what it may not, and that nothing is fetched."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from slipway.adapters.manifests import KustomizeRenderer, kustomize
from slipway.ports.sources import BundleProblem

CONFIG = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {mode: fast}\n"
WEB = b"""
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "shop/web:1"}]}
"""
SHOP = {
    "base/kustomization.yaml": b"resources: [web.yaml, conf.yaml]\n",
    "base/web.yaml": WEB,
    "base/conf.yaml": CONFIG,
    "overlays/dev/kustomization.yaml": b"resources: [../../base]\nnamePrefix: dev-\n",
    "overlays/production/kustomization.yml": b"""
resources: [../../base]
images: [{name: shop/web, newTag: "2"}]
replicas: [{name: web, count: 5}]
patches: [{path: patch.yaml}]
configMapGenerator: [{name: extra, literals: ["URL=https://shop.example.test"]}]
commonAnnotations: {home: "https://shop.example.test"}
""",
    "overlays/production/patch.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {mode: slow}\n",
}


def rendered(path: str, bundle: dict[str, bytes] = SHOP) -> dict[str, dict]:
    return {
        item["kind"] + " " + item["metadata"]["name"]: item
        for item in KustomizeRenderer().render(bundle, path)
    }


def refused(text: str | bytes, path: str = "", **files: bytes) -> BundleProblem:
    content = text.encode() if isinstance(text, str) else text
    bundle = {"kustomization.yaml": content, "a.yaml": CONFIG, **files}
    with pytest.raises(BundleProblem) as problem:
        KustomizeRenderer().render(bundle, path)
    return problem.value


def test_an_overlay_is_rendered():
    assert sorted(rendered("overlays/dev")) == ["ConfigMap dev-conf", "Deployment dev-web"]


def test_an_overlay_changes_images_replicas_and_values():
    found = rendered("overlays/production/")
    web = found["Deployment web"]
    assert web["spec"]["replicas"] == 5
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/web:2"
    assert found["ConfigMap conf"]["data"] == {"mode": "slow"}
    assert web["metadata"]["annotations"] == {"home": "https://shop.example.test"}


@pytest.mark.parametrize("path", ["overlays/test", "..", "overlays", "/", "overlays/../base"])
def test_a_folder_without_a_kustomization_is_refused(path: str):
    with pytest.raises(BundleProblem, match=r"There is no kustomization\.yaml in"):
        rendered(path, {name: data for name, data in SHOP.items() if name != "kustomization.yaml"})


def test_what_kustomize_says_is_shown_without_paths_of_this_machine():
    problem = refused("resources: [gone.yaml]")
    assert "gone.yaml" in problem.sentence
    assert "/tmp" not in problem.sentence
    assert "slipway-" not in problem.sentence


def test_a_kustomization_that_is_no_yaml_is_told_with_its_place():
    problem = refused("resources: [a.yaml\n")
    assert (problem.file, problem.line) == ("kustomization.yaml", 2)


PLUGIN = "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: p}\npath: URL\n"

# Every way of a kustomization to have something fetched; `URL` is a server that counts who comes.
FETCHES = {
    "a resource": "resources: [URL]",
    "a field in other letters": "RESOURCES: [URL]",
    "a base": "bases: [URL]",
    "a component": "components: [URL]",
    "a patch": "resources: [a.yaml]\npatches: [{path: URL}]",
    "a strategic patch": "resources: [a.yaml]\npatchesStrategicMerge: [URL]",
    "a JSON patch": "resources: [a.yaml]\npatchesJson6902: [{path: URL, target: {kind: ConfigMap, name: conf}}]",
    "a generator's file": "configMapGenerator: [{name: g, files: [URL]}]",
    "a generator's file under a name": "configMapGenerator: [{name: g, files: ['k=URL']}]",
    "a generator's envs": "secretGenerator: [{name: g, envs: [URL]}]",
    "a generator's env": "secretGenerator: [{name: g, env: URL}]",
    "a schema": "resources: [a.yaml]\nopenapi: {path: URL}",
    "CRDs": "resources: [a.yaml]\ncrds: [URL]",
    "a configuration": "resources: [a.yaml]\nconfigurations: [URL]",
    "a replacement": "resources: [a.yaml]\nreplacements: [{path: URL}]",
    "a transformer": "resources: [a.yaml]\ntransformers: [URL]",
    "a transformer in the text": f"resources: [a.yaml]\ntransformers:\n- |-\n  {PLUGIN.replace(chr(10), chr(10) + '  ')}",
    "a second document": "---\nresources: [URL]\n---\n{}\n",
}


@pytest.fixture
def counting() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine, its address, and who came."""
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/x.yaml", came
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("case", FETCHES)
def test_nothing_is_fetched(case: str, counting: tuple[str, list[str]]):
    url, came = counting
    problem = refused(FETCHES[case].replace("URL", url))
    assert problem.sentence.endswith("is fetched from elsewhere; a bundle holds everything it needs.")
    assert came == []


def test_a_plugin_configured_in_a_file_of_any_name_fetches_nothing(counting: tuple[str, list[str]]):
    url, came = counting
    files = {"t.txt": PLUGIN.replace("URL", url).encode()}
    assert refused("resources: [a.yaml]\ntransformers: [t.txt]", **files).file == "t.txt"
    assert came == []


@pytest.mark.parametrize(
    "entry",
    [
        "https://github.com/a/b//c?ref=main",
        "github.com/a/b",
        "git@git.example.test:a/b.git",
        "ssh://git.example.test/a",
        "git::https://git.example.test/a",
        "file:///etc",
        "example.test/a/b?ref=v1",
    ],
)
def test_remote_bases_are_refused_by_name(entry: str):
    assert refused(f"resources: ['{entry}']").sentence == (
        f"“{entry}” is fetched from elsewhere; a bundle holds everything it needs."
    )


@pytest.mark.parametrize("entry", ["../../etc", "..", "/etc/passwd", "a/../../b", "../secrets.yaml"])
@pytest.mark.parametrize(
    "form",
    ["resources: ['{}']", "patches: [{{path: '{}'}}]", "configMapGenerator: [{{name: g, files: ['k={}']}}]"],
)
def test_nothing_outside_the_bundle_is_read(form: str, entry: str):
    assert refused(form.format(entry)).sentence.endswith("lies outside the bundle.")


@pytest.mark.parametrize("part", ["helmCharts", "helmChartInflationGenerator", "HELMGLOBALS"])
def test_charts_are_refused(part: str):
    assert refused(f"{part}: [{{name: x}}]").sentence == f"“{part}” fetches charts; it is not allowed here."


def test_a_plugin_that_is_a_program_does_not_run():
    runs = (
        b"apiVersion: v1\nkind: Exec\nmetadata:\n  name: x\n  annotations:\n"
        b"    config.kubernetes.io/function: |\n      exec: {path: ./run.sh}\n"
    )
    problem = refused(
        "resources: [a.yaml]\ntransformers: [t.yaml]", **{"t.yaml": runs, "run.sh": b"#!/bin/sh\ntouch ran\n"}
    )
    assert "plugin" in problem.sentence


@pytest.mark.parametrize(
    "names",
    [("a", "a/kustomization.yaml"), ("kustomization.yaml", "n" * 300), ("kustomization.yaml", "\ud800")],
)
def test_names_that_can_be_no_files_are_refused(names: tuple[str, str]):
    bundle = dict.fromkeys(names, b"resources: []\n")
    with pytest.raises(BundleProblem, match="cannot be a file"):
        KustomizeRenderer().render(bundle, "a" if "a" in names else "")


@pytest.mark.parametrize(
    "path", ["../a.yaml", "/etc/a.yaml", "a/../../b.yaml", "a//b.yaml", "./a.yaml", "a\\b.yaml", "a\0.yaml"]
)
def test_a_bundles_own_paths_stay_inside(path: str):
    with pytest.raises(BundleProblem, match="is no path inside a bundle"):
        KustomizeRenderer().render({"kustomization.yaml": b"", path: CONFIG}, "")


def test_a_bundle_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    sleeps = tmp_path / "kubectl"
    sleeps.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    sleeps.chmod(0o700)
    monkeypatch.setattr(kustomize, "kubectl", lambda: str(sleeps))
    monkeypatch.setattr(kustomize, "SECONDS", 1)
    with pytest.raises(BundleProblem, match=r"Kustomize took longer than 1 s\."):
        rendered("overlays/dev")


def test_more_output_than_is_read_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kustomize, "MOST_OUTPUT", 100)
    with pytest.raises(BundleProblem):
        rendered("overlays/dev")
