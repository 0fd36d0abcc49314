"""The last owner cannot vanish by any door, and not by two doors at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.core import scopes
from apps.core.problems import Conflict, Forbidden, NotFound
from tests.concurrency.together import errors, together
from tests.people import People, actor

LAST = "The last owner cannot leave; make somebody else an owner first."


def _membership(people: People, user: Any) -> Any:
    from apps.organizations.models import Membership

    return Membership.objects.select_related("user").get(user_id=user.pk)


def _second_owner(people: People) -> None:
    from apps.organizations.models import Membership

    with scopes.organization(people.acme.id):
        Membership.objects.filter(user_id=people.bo.pk).update(role="owner")


def _owners(people: People) -> list[str]:
    from apps.organizations.models import Membership

    with scopes.organization(people.acme.id):
        rows = Membership.objects.filter(role="owner", suspended_at__isnull=True)
        return sorted(rows.values_list("user__email", flat=True))


def test_the_last_owner_neither_leaves_nor_is_shut_out(people: People) -> None:
    from apps.organizations.services import leave
    from apps.organizations.services.ownership import check_may_be_shut_out

    ana = actor(people.ana, people.acme)
    with scopes.organization(people.acme.id), pytest.raises(Conflict, match=LAST):
        leave(ana)
    with scopes.system("a test"), pytest.raises(Conflict, match="Ana is the last owner of Acme"):
        check_may_be_shut_out(people.ana)
    _second_owner(people)
    with scopes.system("a test"):
        check_may_be_shut_out(people.ana)
    with scopes.organization(people.acme.id):
        leave(ana)
    assert _owners(people) == ["bo@acme.example"]
    with pytest.raises(NotFound):
        actor(people.ana, people.acme)


def test_an_owner_who_is_suspended_or_shut_out_does_not_count(people: People) -> None:
    from apps.organizations.services import leave, suspend_member

    _second_owner(people)
    ana, bo = actor(people.ana, people.acme), actor(people.bo, people.acme)
    with scopes.organization(people.acme.id):
        suspend_member(ana, _membership(people, people.bo).id, why="lost laptop")
    with scopes.organization(people.acme.id), pytest.raises(Conflict, match=LAST):
        leave(ana)
    with scopes.organization(people.acme.id), pytest.raises(Forbidden, match="Somebody else suspends you"):
        suspend_member(bo, _membership(people, people.bo).id)


def test_an_operator_does_not_shut_out_the_last_owner(people: People, client: Any) -> None:
    from apps.organizations.models import User

    operator = User.objects.create_superuser("op@slipway.example", "a long enough pass phrase")
    client.force_login(operator)
    address = f"/operator/organizations/user/{people.ana.pk}/change/"
    answer = client.post(address, {"name": "Ana"})  # not ticked: is_active
    assert answer.status_code == 200
    assert "Ana is the last owner of Acme" in answer.content.decode()
    people.ana.refresh_from_db()
    assert people.ana.is_active
    _second_owner(people)
    assert client.post(address, {"name": "Ana"}).status_code == 302
    people.ana.refresh_from_db()
    assert not people.ana.is_active


def _leave(user: Any, people: People) -> Callable[[], None]:
    from apps.organizations.services import leave

    by = actor(user, people.acme)

    def act() -> None:
        with scopes.organization(people.acme.id):
            leave(by)

    return act


def _demote(user: Any, other: Any, people: People) -> Callable[[], None]:
    from apps.organizations.services import change_role

    by = actor(user, people.acme)

    def act() -> None:
        with scopes.organization(people.acme.id):
            change_role(by, _membership(people, other).id, role="viewer")

    return act


def _suspend(user: Any, other: Any, people: People) -> Callable[[], None]:
    from apps.organizations.services import suspend_member

    by = actor(user, people.acme)

    def act() -> None:
        with scopes.organization(people.acme.id):
            suspend_member(by, _membership(people, other).id)

    return act


@pytest.mark.parametrize("doors", ["leave, leave", "demote, demote", "suspend, leave", "suspend, suspend"])
def test_of_two_owners_who_go_at_once_one_stays(
    transactional_database: Any, people: People, doors: str
) -> None:
    _second_owner(people)
    ana, bo = people.ana, people.bo
    acts = {
        "leave, leave": (_leave(ana, people), _leave(bo, people)),
        "demote, demote": (_demote(ana, bo, people), _demote(bo, ana, people)),
        "suspend, leave": (_suspend(ana, bo, people), _leave(ana, people)),
        "suspend, suspend": (_suspend(ana, bo, people), _suspend(bo, ana, people)),
    }[doors]
    failed = errors(together(*acts))
    assert [type(error) for error in failed] == [Conflict]
    assert len(_owners(people)) == 1


def test_ownership_changes_hands_when_the_new_owner_confirms_it(people: People) -> None:
    from apps.audit.models import AuditEntry
    from apps.organizations.services import accept_ownership, offer_ownership

    ana, dee, bo = (actor(user, people.acme) for user in (people.ana, people.dee, people.bo))
    with scopes.organization(people.acme.id):
        offer_ownership(ana, _membership(people, people.dee).id, giver_becomes="admin")
        assert _membership(people, people.dee).role == "developer"
    with scopes.organization(people.acme.id), pytest.raises(Forbidden, match="Only who was offered"):
        accept_ownership(bo)
    with scopes.organization(people.acme.id):
        accept_ownership(dee)
        assert _membership(people, people.dee).role == "owner"
        assert _membership(people, people.ana).role == "admin"
        assert AuditEntry.objects.filter(action="ownership.transfer").count() == 1
    with scopes.organization(people.acme.id), pytest.raises(NotFound, match="Nobody is offered"):
        accept_ownership(dee)
    assert _owners(people) == ["dee@acme.example"]


def test_an_offer_of_somebody_who_is_no_owner_any_more_gives_nothing(people: People) -> None:
    from apps.organizations.services import accept_ownership, change_role, offer_ownership

    _second_owner(people)
    ana, bo, dee = (actor(user, people.acme) for user in (people.ana, people.bo, people.dee))
    with scopes.organization(people.acme.id):
        offer_ownership(ana, _membership(people, people.dee).id, giver_becomes="viewer")
        change_role(bo, _membership(people, people.ana).id, role="viewer")
    with scopes.organization(people.acme.id), pytest.raises(Conflict, match="Ana is no owner any more"):
        accept_ownership(dee)
