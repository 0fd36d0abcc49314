from __future__ import annotations

from pathlib import Path

import yaml

from slipway.embedded.roles import as_script, role_statements

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def test_the_compose_databases_roles_are_those_that_the_command_prints() -> None:
    script = (DEPLOY / "compose" / "roles.sh").read_text()
    inside = script.partition("<<'SQL'\n")[2].removesuffix("SQL\n")
    printed = as_script(role_statements(owner_password="the-owner", application_password="the-application"))
    printed = printed.replace("'the-owner'", ":'owner'").replace("'the-application'", ":'application'")
    assert inside == printed


def test_compose_starts_the_same_processes_as_the_embedded_stack() -> None:
    compose = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
    commands = {name: service.get("command") for name, service in compose["services"].items()}
    assert {name: command for name, command in commands.items() if command and command[0] == "serve"} == {
        "web": ["serve", "web"],
        "worker": ["serve", "worker"],
        "abort-worker": ["serve", "abort-worker"],
        "beat": ["serve", "beat"],
        "watcher": ["serve", "watcher"],
    }
    assert commands["migrate"] == ["migrate"]


def test_the_example_names_every_setting_that_has_no_default() -> None:
    example = (DEPLOY / "compose" / "settings.env.example").read_text()
    names = {
        line.partition("=")[0] for line in example.splitlines() if "=" in line and not line.startswith("#")
    }
    assert names >= {
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "SLIPWAY_REDIS_URL",
        "SLIPWAY_PUBLIC_URL",
        "SLIPWAY_SECRET_KEY",
        "SLIPWAY_ENCRYPTION_KEY",
    }
