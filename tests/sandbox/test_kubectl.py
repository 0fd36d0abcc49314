"""kubectl does here what it does on a real cluster."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest
import yaml

from tests.clusters import Place, SandboxProcess, kubectl_path, place_on

MANIFESTS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: blue}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: example.com/web:1
        ports: [{containerPort: 8080}]
        env: [{name: COLOUR, value: blue}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
"""
CHANGED = MANIFESTS.replace("web:1", "web:2").replace("colour: blue", "colour: green")


@pytest.fixture
def place(sandbox: SandboxProcess) -> Iterator[Place]:
    with place_on("sandbox", sandbox.kubeconfig_path) as made:
        yield made


def done(place: Place, *arguments: str, given: str | None = None) -> str:
    ran = place.kubectl(*arguments, given=given, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def image(place: Place) -> str:
    return done(place, "get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}")


def rolled_out(place: Place) -> str:
    return done(place, "rollout", "status", "deployment/web", "--timeout=30s")


def test_apply_diff_rollout_and_undo(place: Place) -> None:
    assert done(place, "apply", "-f", "-", given=MANIFESTS).splitlines() == [
        "configmap/settings created",
        "deployment.apps/web created",
        "service/web created",
    ]
    assert "successfully rolled out" in rolled_out(place)
    assert done(place, "diff", "-f", "-", given=MANIFESTS) == ""
    assert done(place, "apply", "-f", "-", given=MANIFESTS).splitlines() == [
        "configmap/settings unchanged",
        "deployment.apps/web unchanged",
        "service/web unchanged",
    ]

    shown = place.kubectl("diff", "-f", "-", given=CHANGED, check=False)
    assert shown.returncode == 1
    assert "-  colour: blue\n+  colour: green" in shown.stdout
    assert (
        "-      - image: example.com/web:1" in shown.stdout
        or "-        image: example.com/web:1" in shown.stdout
    )

    done(place, "apply", "-f", "-", given=CHANGED)
    rolled_out(place)
    assert image(place) == "example.com/web:2"
    done(place, "rollout", "undo", "deployment/web")
    rolled_out(place)
    assert image(place) == "example.com/web:1"
    history = done(place, "rollout", "history", "deployment/web")
    assert [line.split()[0] for line in history.splitlines() if line[:1].isdigit()] == ["2", "3"]


def test_server_side_apply_with_conflict_force_and_diff(place: Place) -> None:
    done(place, "apply", "--server-side", "-f", "-", given=MANIFESTS)
    done(place, "set", "image", "deployment/web", "web=example.com/web:9")

    refused = place.kubectl("apply", "--server-side", "-f", "-", given=MANIFESTS, check=False)
    assert refused.returncode == 1
    assert (
        'conflict with "kubectl-set" using apps/v1: .spec.template.spec.containers[name="web"].image'
        in refused.stderr
    )
    done(place, "apply", "--server-side", "--force-conflicts", "-f", "-", given=MANIFESTS)
    assert image(place) == "example.com/web:1"
    assert done(place, "diff", "--server-side", "-f", "-", given=MANIFESTS) == ""


def test_an_unknown_field_is_refused_by_the_server(place: Place) -> None:
    wrong = MANIFESTS.replace("replicas: 2", "replicas: 2\n  colour: blue")

    refused = place.kubectl("apply", "-f", "-", given=wrong, check=False)

    assert refused.returncode == 1
    assert 'unknown field "spec.colour"' in refused.stderr


def test_scale_get_describe_logs_and_delete(place: Place) -> None:
    done(place, "apply", "-f", "-", given=MANIFESTS)
    rolled_out(place)
    assert done(place, "scale", "deployment/web", "--replicas=3") == "deployment.apps/web scaled\n"
    rolled_out(place)

    header, row = done(place, "get", "deployment", "web").splitlines()
    assert header.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert row.split()[:4] == ["web", "3/3", "3", "3"]
    pods = done(place, "get", "pods", "-l", "app=web", "--no-headers").splitlines()
    assert [line.split()[1:3] for line in pods] == [["1/1", "Running"]] * 3

    told = done(place, "describe", "deployment", "web")
    assert "3 desired | 3 updated | 3 total | 3 available | 0 unavailable" in told
    assert "ScalingReplicaSet" in told
    assert "example.com/web:1" in done(place, "describe", "pods", "-l", "app=web")
    assert "nothing really runs" in done(place, "logs", "deployment/web")

    assert done(place, "delete", "-f", "-", given=MANIFESTS).count("deleted") == 3
    place.until(
        lambda: not place.kubectl("get", "pods", "-o", "name").stdout.strip(), what="the pods to be gone"
    )


def test_watching_shows_changes_as_they_come(place: Place) -> None:
    done(place, "apply", "-f", "-", given=MANIFESTS)
    rolled_out(place)
    command = [kubectl_path(), f"--kubeconfig={place.kubeconfig_path}", f"--namespace={place.namespace}"]
    command += ["get", "configmaps", "--watch", "-o", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        try:
            assert watching.stdout is not None
            seen: list[str] = []
            decoder, text = json.JSONDecoder(), ""
            for line in watching.stdout:
                text += line
                try:
                    obj, end = decoder.raw_decode(text)
                except ValueError:
                    continue
                text = text[end:].lstrip()
                if obj["metadata"]["name"] == "settings":
                    seen.append(obj["data"]["colour"])
                    if len(seen) == 1:
                        done(place, "apply", "-f", "-", given=CHANGED)
                    if len(seen) == 2:
                        break
        finally:
            watching.kill()
    assert seen == ["blue", "green"]


def test_explain_reads_the_schema(place: Place) -> None:
    told = done(place, "explain", "deployment.spec.strategy.type")

    assert "Type of deployment" in told


def test_applying_a_namespace_and_deleting_it_ends_what_is_inside(place: Place) -> None:
    name = f"{place.namespace}-inner"
    namespace = yaml.safe_dump({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    done(place, "apply", "-f", "-", given=namespace)
    done(place, "apply", "-f", "-", "--namespace", name, given=MANIFESTS)

    done(place, "delete", "namespace", name, "--timeout=30s")

    gone = place.kubectl("get", "deployment", "web", "--namespace", name, check=False)
    assert gone.returncode == 1
    assert "not found" in gone.stderr


def test_what_create_makes_of_its_own_arrives_whole(place: Place) -> None:
    """kubectl sends these as protobuf."""
    done(place, "create", "configmap", "c", "--from-literal=a=b", "--from-literal=empty=")
    done(place, "create", "secret", "generic", "s", "--from-literal=p=q")
    done(place, "create", "deployment", "d", "--image=example.com/d:1", "--replicas=2", "--port=80")
    done(place, "create", "job", "j", "--image=example.com/j:1", "--", "sh", "-c", "true")
    done(place, "create", "namespace", f"{place.namespace}-more")
    done(place, "delete", "namespace", f"{place.namespace}-more", "--wait=false")

    def read(what: str) -> dict[str, dict[str, object]]:
        return dict(json.loads(done(place, "get", what, "-o", "json")))

    assert read("configmap/c")["data"] == {"a": "b", "empty": ""}
    assert read("secret/s")["data"] == {"p": "cQ=="}
    made = json.loads(done(place, "get", "deployment/d", "-o", "json"))["spec"]
    assert (made["replicas"], made["selector"]) == (2, {"matchLabels": {"app": "d"}})
    container = made["template"]["spec"]["containers"][0]
    assert (container["image"], container["ports"]) == (
        "example.com/d:1",
        [{"containerPort": 80, "protocol": "TCP"}],
    )
    job = json.loads(done(place, "get", "job/j", "-o", "json"))["spec"]["template"]["spec"]
    assert (job["restartPolicy"], job["containers"][0]["command"]) == ("Never", ["sh", "-c", "true"])


def test_what_is_not_read_as_protobuf_is_refused_and_never_read_in_part(place: Place) -> None:
    refused = place.kubectl("create", "quota", "q", "--hard=pods=3", check=False)

    assert refused.returncode == 1
    assert "ResourceQuota as protobuf is not read here" in refused.stderr
