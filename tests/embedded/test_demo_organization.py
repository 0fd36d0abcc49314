from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from apps.core import scopes
from apps.organizations.access import access_organization
from apps.organizations.models import ApiToken, Organization, User
from apps.organizations.services import find_token
from slipway.embedded.demo.people import PeopleFile


@pytest.fixture
def file(tmp_path: Path) -> PeopleFile:
    made = PeopleFile(tmp_path / "demo.json")
    made.write_fresh()
    return made


@pytest.mark.django_db
def test_everybody_can_sign_in_and_acts_in_their_role(file: PeopleFile) -> None:
    call_command("demo_organization", str(file.path))
    people = file.read()
    assert people is not None
    with scopes.system("test"):
        assert Organization.objects.get(slug="demo").simulated is True
    for person in people:
        user = User.objects.get(email=person.email)
        assert user.check_password(person.password)
        token = find_token(person.token)
        assert token is not None
        assert access_organization(user, "demo", channel="api", token_id=token.id).role == person.role
        assert token.user_id == user.id


@pytest.mark.django_db
def test_on_a_real_cluster_no_page_calls_it_a_simulation(tmp_path: Path) -> None:
    file = PeopleFile(tmp_path / "demo.json")
    file.write_fresh(simulated=False)
    call_command("demo_organization", str(file.path))
    with scopes.system("test"):
        assert Organization.objects.get(slug="demo").simulated is False


@pytest.mark.django_db
def test_a_second_time_changes_nothing(file: PeopleFile) -> None:
    call_command("demo_organization", str(file.path))
    before = file.path.read_text()
    call_command("demo_organization", str(file.path))
    assert file.path.read_text() == before
    with scopes.system("test"):
        assert Organization.objects.count() == 1
        assert ApiToken.objects.count() == 4


@pytest.mark.django_db
def test_a_token_that_is_no_longer_good_is_made_anew_and_the_password_of_the_file_holds(
    file: PeopleFile,
) -> None:
    call_command("demo_organization", str(file.path))
    content = json.loads(file.path.read_text())
    content["people"][1]["token"] = "slp_gone"
    content["people"][1]["password"] = "another long password"
    file.path.write_text(json.dumps(content))
    call_command("demo_organization", str(file.path))
    people = file.read()
    assert people is not None
    assert people.developer.token.startswith("slp_")
    assert find_token(people.developer.token) is not None
    assert User.objects.get(email=people.developer.email).check_password("another long password")
