"""YAML as Kubernetes reads it: each mistake with its line and column, each bomb ended early."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from slipway.adapters.manifests import PlainRenderer, yaml_documents
from slipway.ports.sources import MOST_BYTES, BundleProblem

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: conf\n"


def refused(text: str | bytes) -> BundleProblem:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(BundleProblem) as problem:
        yaml_documents(data, filename="a.yaml")
    return problem.value


MISTAKES = {
    "a tab": ("a:\n\tb: 1\n", 2, 1, "Found character that cannot start any token."),
    "a bracket left open": ("a: [1, 2\n", 2, 1, "Did not find expected ',' or ']'."),
    "an indentation": ("a:\n  b: 1\n c: 2\n", 3, 2, "Did not find expected key."),
    "an alias to nothing": ("a: *gone\n", 1, 4, "Found undefined alias."),
    "a type of Python": ("a: !!python/name:os.system\n", 1, 4, None),
    "no name": ("apiVersion: v1\nkind: ConfigMap\n", 1, 1, "This ConfigMap has no metadata.name."),
    "a name that is a number": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 5}\n",
        1,
        1,
        "This ConfigMap has no metadata.name.",
    ),
    "no kind, in the second document": (
        f"{HEAD}---\napiVersion: v1\n",
        6,
        1,
        "This object has no kind.",
    ),
    "no apiVersion": ("kind: ConfigMap\n", 1, 1, "This object has no apiVersion."),
    "a list": ("- a\n", 1, 1, "A document must be a mapping: one Kubernetes object."),
    "a text": ("hello\n", 1, 1, "A document must be a mapping: one Kubernetes object."),
    "a key that stands twice": (f"{HEAD}data:\n  a: 1\n  a: 2\n", 7, 3, "“a” stands twice in one mapping."),
    "the same key twice, far down": (
        f"{HEAD}data: {{x: {{a: 1, b: 2, a: 3}}}}\n",
        5,
        24,
        "“a” stands twice in one mapping.",
    ),
    "a number that JSON cannot say": (
        f"{HEAD}data: {{a: .nan}}\n",
        1,
        1,
        "“nan” is nothing that JSON can say.",
    ),
    "bytes": (f"{HEAD}data: {{a: !!binary aGk=}}\n", 1, 1, "“b'hi'” is nothing that JSON can say."),
    "a namespace that is no text": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: [b]}\n",
        1,
        1,
        "The metadata.namespace of ConfigMap a is no text.",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_told_with_line_and_column(case: str):
    text, line, column, sentence = MISTAKES[case]
    problem = refused(text)
    assert (problem.file, problem.line, problem.column) == ("a.yaml", line, column)
    assert str(problem).startswith(f"a.yaml, line {line}, column {column}: ")
    if sentence is not None:
        assert problem.sentence == sentence


def test_what_is_no_text_is_said():
    assert refused(b"\xff\xfe\x00").sentence == "This is no UTF-8 text."
    assert refused("a: \x07\n").sentence.startswith("This is no YAML: ")


# As `kubectl annotate --local -o json` answered for the same text.
SCALARS = {
    "12:30:45": "12:30:45",
    "22:22": "22:22",
    "1e3": 1000,
    "1E3": 1000,
    "0o17": 15,
    "017": 15,
    "08": 8,
    "0x1F": 31,
    "0b11": 3,
    "1_000": 1000,
    "+1": 1,
    "1.": 1,
    ".5": 0.5,
    "-.5": -0.5,
    "y": True,
    "on": True,
    "Off": False,
    "2001-01-01": "2001-01-01",
    "2001-12-14t21:59:43.10-05:00": "2001-12-14t21:59:43.10-05:00",
    "=": "=",
    "~": None,
    "1.5:30": "1.5:30",
    "'1e3'": "1e3",
    "1.2.3": "1.2.3",
    "v1": "v1",
}


@pytest.mark.parametrize("text", SCALARS)
def test_a_scalar_is_read_as_kubectl_reads_it(text: str):
    (document,) = yaml_documents(f"{HEAD}data:\n  a: {text}\n".encode(), filename="a.yaml")
    found = document["data"]["a"]
    assert (found, type(found)) == (SCALARS[text], type(SCALARS[text]))


def test_keys_are_text():
    (document,) = yaml_documents(f"{HEAD}data: {{2: a, on: b, 1.5: c}}\n".encode(), filename="a.yaml")
    assert document["data"] == {"2": "a", "true": "b", "1.5": "c"}


def test_aliases_and_merges_are_written_out_and_share_nothing():
    text = f"{HEAD}base: &base {{a: [1]}}\none: {{<<: *base, b: 2}}\ntwo: *base\n"
    (document,) = yaml_documents(text.encode(), filename="a.yaml")
    assert document["one"] == {"a": [1], "b": 2}
    document["two"]["a"].append(9)
    assert document["base"] == {"a": [1]}


def test_lists_are_flattened_and_empty_documents_passed_over():
    text = f"---\n---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- {HEAD.replace(chr(10), chr(10) + '  ')}\n"
    assert [document["kind"] for document in yaml_documents(text.encode(), filename="a.yaml")] == [
        "ConfigMap"
    ]
    assert yaml_documents(b"", filename="a.yaml") == []


def bomb(levels: int, times: int) -> str:
    lines = [f"a0: &a0 [{', '.join(['x'] * times)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * times)}]" for n in range(1, levels)]
    return HEAD + "\n".join(lines) + "\n"


def merge_bomb(levels: int, times: int) -> str:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * times)}]}}" for n in range(1, levels)]
    return HEAD + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "text", [bomb(9, 9), bomb(30, 9), merge_bomb(30, 9)], ids=["billion", "more", "merges"]
)
def test_an_alias_bomb_ends_early(text: str):
    began = time.monotonic()
    assert refused(text).sentence == "It is larger than is allowed, its aliases written out."
    assert time.monotonic() - began < 2


def test_an_alias_to_itself_has_no_end_and_is_refused():
    assert "larger than is allowed" in refused("a: &a [*a]\n").sentence


DEEP = {
    "flow lists": "[" * 100_000,
    "block lists": "- " * 100_000,
    "mappings": "{a: " * 100_000,
    "keys of keys": "? " * 100_000,
    "closed brackets in texts": '["]", ' * 100_000,
}


@pytest.mark.parametrize("case", DEEP)
def test_nesting_without_end_is_refused_and_does_not_end_the_process(case: str):
    """In a process of its own: the C composer's stack overflow cannot be caught."""
    program = (
        "import sys\n"
        "from slipway.adapters.manifests import yaml_documents\n"
        "try:\n    yaml_documents(sys.stdin.buffer.read(), filename='a.yaml')\n"
        "except ValueError as error:\n    print(error.sentence)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=DEEP[case].encode(), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"Nested too deeply.\n")


def document(number: int, size: int = 0) -> bytes:
    return f"{HEAD.replace('conf', f'conf-{number}')}data: {{a: '{'x' * size}'}}\n---\n".encode()


def test_a_bundle_of_five_megabytes_is_read_and_one_byte_more_is_refused():
    pieces = [document(number, 1200) for number in range(MOST_BYTES // 1400)]
    text = b"".join(pieces)
    text += b"#" * (MOST_BYTES - len(text))
    assert len(PlainRenderer().render({"a.yaml": text}, "")) == len(pieces)
    with pytest.raises(BundleProblem) as problem:
        PlainRenderer().render({"a.yaml": text + b"#"}, "")
    assert str(problem.value) == "The bundle is 5,242,881 bytes; 5,242,880 are allowed."


def test_more_than_five_thousand_objects_are_refused():
    text = b"".join(document(number) for number in range(5001))
    assert refused(text).sentence == "More than 5000 objects."


def test_files_are_read_in_the_order_of_their_paths():
    bundle = {name: HEAD.replace("conf", name[0]).encode() for name in ("b.yml", "a.yaml", "c/a.json")}
    found = PlainRenderer().render(bundle | {"README.md": b"# no YAML"}, "")
    assert [item["metadata"]["name"] for item in found] == ["a", "b", "c"]


def test_two_of_one_identity_in_two_files_are_refused():
    with pytest.raises(BundleProblem) as problem:
        PlainRenderer().render({"a.yaml": HEAD.encode(), "b.yaml": HEAD.encode()}, "")
    assert str(problem.value) == "ConfigMap conf stands in the bundle twice."


def test_a_path_is_a_folder_and_not_the_beginning_of_a_name():
    bundle = {"dev/a.yaml": HEAD.encode(), "dev2/b.yaml": HEAD.replace("conf", "other").encode()}
    assert [item["metadata"]["name"] for item in PlainRenderer().render(bundle, "dev")] == ["conf"]


def test_a_bundle_without_yaml_is_refused():
    with pytest.raises(BundleProblem, match=r"holds no \.yaml, \.yml or \.json file"):
        PlainRenderer().render({"README.md": b"x"}, "")
