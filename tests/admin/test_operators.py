from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client

from apps.core import scopes
from tests.api.conftest import MANIFESTS
from tests.people import (
    PASSWORD,
    People,
    actor,
    make_application,
    make_cluster,
    make_environment,
    make_release,
    target_of,
)

# Keys of several columns have no page in Django's admin; each is shown on the page of what it belongs to.
SHOWN_ELSEWHERE = {
    "Activity": "in the API, the pages and the audit",
    "IdempotencyKey": "nowhere: answers of others' requests",
    "Event": "on the rollout",
    "ReleaseIssue": "on the release",
    "TargetHealth": "on the stretches of the target",
    "UsedCode": "nowhere: how far a person's codes are used up",
    "FailedSignIns": "nowhere: digests of who guessed, and at whom",
    "AddressChange": "on the person's own account",
}


@pytest.fixture
def operator(people: People) -> Client:
    from apps.organizations.models import User

    User.objects.create_superuser("op@slipway.example", PASSWORD, name="Op")
    client = Client()
    assert client.login(email="op@slipway.example", password=PASSWORD)
    return client


@pytest.fixture
def rollout(people: People) -> Any:
    from apps.rollouts.services.starting import start_rollout

    ana = actor(people.ana, people.acme)
    environment = make_environment(ana, "dev", [make_cluster(ana, slug="main")])
    application = make_application(ana, slug="shop")
    release = make_release(ana, application, "1.0", MANIFESTS)
    target = target_of(ana, application, environment)
    with scopes.organization(people.acme.id):
        return start_rollout(ana, target, release).rollout


def test_every_model_of_ours_has_its_page_or_a_reason_why_not() -> None:
    ours = {model for model in apps.get_models() if model.__module__.startswith("apps.")}
    without = {model.__name__ for model in ours if not admin.site.is_registered(model)}
    assert without == set(SHOWN_ELSEWHERE)


def test_every_page_opens_and_nothing_of_a_tenant_can_be_changed(operator: Client, rollout: Any) -> None:
    assert operator.get("/operator/").status_code == 200
    for model, shown in admin.site._registry.items():
        if not model.__module__.startswith("apps."):
            continue
        place = f"/operator/{model._meta.app_label}/{model._meta.model_name}/"
        page = operator.get(place)
        assert page.status_code == 200, place
        with scopes.system("the test looks for a row"):
            row = model._default_manager.first()
        if row is not None:
            text = operator.get(f"{place}{row.pk}/change/").content.decode()
            assert "<h1>" in text, place
            assert not re.search(r"sealed_|name=\"password\"|pbkdf2|md5\$", text), place
        if model.__name__ != "User":
            assert operator.get(f"{place}add/").status_code == 403, place
            assert not shown.has_change_permission(None)
            assert not shown.has_delete_permission(None)


def test_credentials_and_tokens_are_on_no_page(operator: Client, people: People) -> None:
    from apps.organizations.services import create_token

    ana = actor(people.ana, people.acme)
    cluster = make_cluster(ana, slug="main")
    with scopes.organization(people.acme.id):
        secret = create_token(ana, name="ci", token_scopes=["read"]).secret
    pages = [
        operator.get("/operator/organizations/apitoken/").content.decode(),
        operator.get(f"/operator/clusters/cluster/{cluster.pk}/change/").content.decode(),
    ]
    assert "slp_" in pages[0]  # its first characters, by which people tell it
    for page in pages:
        assert secret not in page
        assert "nothing" not in page  # the kubeconfig's token
        assert "sealed_access" not in page


def test_who_looks_at_an_organizations_row_is_in_its_audit(
    operator: Client, people: People, rollout: Any
) -> None:
    from apps.audit.models import AuditEntry

    operator.get(f"/operator/rollouts/rollout/{rollout.pk}/change/")
    with scopes.organization(people.acme.id):
        entry = AuditEntry.objects.order_by("-number")[0]
        assert (entry.action, entry.actor_kind, entry.actor_label, entry.channel, entry.object_id) == (
            "operator.look",
            "operator",
            "Op",
            "admin",
            rollout.pk,
        )
    with scopes.organization(people.globex.id):
        assert not AuditEntry.objects.filter(action="operator.look").exists()


def test_only_operators_get_in_and_by_the_one_sign_in_page(people: People, rollout: Any) -> None:
    stranger = Client()
    answer = stranger.get("/operator/rollouts/rollout/", follow=False)
    assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/operator/login/")
    assert stranger.get(answer.url).url.startswith("/accounts/login/?next=")
    owner = Client()
    owner.force_login(people.ana)
    assert owner.get("/operator/login/").status_code == 403
    assert owner.get("/operator/rollouts/rollout/", follow=True).status_code == 403


def _act(operator: Client, rollout: Any, action: str, **more: str) -> str:
    answer = operator.post(
        "/operator/rollouts/rollout/",
        {"action": action, "_selected_action": [str(rollout.pk)], **more},
        follow=True,
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_stuck_rollout_is_looked_at_freed_and_aborted_through_the_services(
    operator: Client, people: People, rollout: Any
) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from apps.audit.models import AuditEntry
    from apps.rollouts.models import Rollout

    far = timezone.now() + timedelta(hours=9)
    with scopes.organization(people.acme.id):
        Rollout.objects.filter(id=rollout.pk).update(next_check_at=far, leased_until=far, fence=7)
    assert "#1: done." in _act(operator, rollout, "look_again")
    assert "#1: done." in _act(operator, rollout, "release_lease")
    with scopes.organization(people.acme.id):
        freed = Rollout.objects.get(id=rollout.pk)
        assert freed.fence == 8
        assert freed.leased_until <= timezone.now() + timedelta(seconds=4)
    assert "Abort rollouts" in _act(operator, rollout, "abort")
    with scopes.organization(people.acme.id):
        assert Rollout.objects.get(id=rollout.pk).abort_requested_at is None
    assert "#1: done." in _act(operator, rollout, "abort", confirmed="yes")
    with scopes.organization(people.acme.id):
        aborted = Rollout.objects.get(id=rollout.pk)
        assert aborted.abort_requested_by_label == "Op"
        rows = AuditEntry.objects.filter(channel="admin").order_by("number")
        assert list(rows.values_list("action", flat=True)) == [
            "rollout.look-again",
            "rollout.release-lease",
            "rollout.abort",
        ]


def test_an_act_that_cannot_be_is_refused_in_words_and_changes_nothing(
    operator: Client, people: People, rollout: Any
) -> None:
    assert "#1: Nobody holds #1." in _act(operator, rollout, "release_lease")
    with scopes.organization(people.acme.id):
        rollout.refresh_from_db()
        assert rollout.fence == 0


def test_a_person_who_is_shut_out_is_in_the_audit_of_each_of_their_organizations(
    operator: Client, people: People
) -> None:
    from apps.audit.models import AuditEntry

    answer = operator.post(f"/operator/organizations/user/{people.bo.pk}/change/", {"name": "Bo"})
    assert answer.status_code == 302
    people.bo.refresh_from_db()
    assert people.bo.is_active is False
    with scopes.organization(people.acme.id):
        entry = AuditEntry.objects.order_by("-number")[0]
        assert (entry.action, entry.object_id) == ("person.change", people.bo.pk)
