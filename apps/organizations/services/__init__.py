"""People, teams, service accounts and their tokens."""

from apps.organizations.services.founding import create_organization, rename_organization
from apps.organizations.services.invitations import (
    INVITATION_DAYS,
    accept_invitation,
    first_owner_link,
    invite,
    join_by_invitation,
    withdraw_invitation,
)
from apps.organizations.services.membership import (
    add_member,
    change_role,
    leave,
    remove_member,
    restore_member,
    suspend_member,
)
from apps.organizations.services.ownership import accept_ownership, offer_ownership, withdraw_ownership
from apps.organizations.services.persons import record_in_each_organization, rename_person
from apps.organizations.services.service_accounts import create_service_account
from apps.organizations.services.shown_once import Shown, digest_of
from apps.organizations.services.teams import (
    access_team,
    add_to_team,
    create_team,
    delete_team,
    remove_from_team,
    rename_team,
)
from apps.organizations.services.tokens import (
    TOKEN_PREFIX,
    create_token,
    find_token,
    revoke_token,
    set_token_days,
)

__all__ = [
    "INVITATION_DAYS",
    "TOKEN_PREFIX",
    "Shown",
    "accept_invitation",
    "accept_ownership",
    "access_team",
    "add_member",
    "add_to_team",
    "change_role",
    "create_organization",
    "create_service_account",
    "create_team",
    "create_token",
    "delete_team",
    "digest_of",
    "find_token",
    "first_owner_link",
    "invite",
    "join_by_invitation",
    "leave",
    "offer_ownership",
    "record_in_each_organization",
    "remove_from_team",
    "remove_member",
    "rename_organization",
    "rename_person",
    "rename_team",
    "restore_member",
    "revoke_token",
    "set_token_days",
    "suspend_member",
    "withdraw_invitation",
    "withdraw_ownership",
]
