"""Heads of chains, signed: with Ed25519 by a key of the installation whose secret half is sealed under the key from
the environment. Who has the database alone can neither forge a signature nor rewrite what was signed."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.audit import chain
from apps.audit.models import AuditSeal, OrganizationHead, SigningKey
from apps.core import scopes
from apps.core.encryption import decrypt, encrypt

_SEALED = "audit_signing_key.sealed_private"


def signing_key() -> SigningKey:
    """The one in use; the first is made when it is first needed."""
    found = SigningKey.objects.filter(retired_at__isnull=True).first()
    if found is not None:
        return found
    private = Ed25519PrivateKey.generate()
    try:
        with transaction.atomic():
            return SigningKey.objects.create(
                public=private.public_key().public_bytes_raw(),
                sealed_private=encrypt(private.private_bytes_raw(), context=_SEALED),
                made_at=timezone.now(),
            )
    except IntegrityError:  # another process was quicker
        return SigningKey.objects.get(retired_at__isnull=True)


def sign(key: SigningKey, content: bytes) -> bytes:
    private = decrypt(bytes(key.sealed_private), context=_SEALED)
    return Ed25519PrivateKey.from_private_bytes(private).sign(content)


def signs(public: bytes, signature: bytes, content: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def seal_head() -> AuditSeal | None:
    """Inside an organization's scope: signs the chain as it ends now. None where it is empty."""
    organization_id = scopes.organization_id()
    head = OrganizationHead.objects.filter(organization_id=organization_id).first()
    if head is None or not head.audit_number:
        return None
    found: AuditSeal | None = AuditSeal.objects.filter(
        organization_id=organization_id, number=head.audit_number
    ).first()
    if found is not None:
        return found
    key, at, digest = signing_key(), timezone.now(), bytes(head.audit_hash)
    content = chain.seal_content(str(organization_id), head.audit_number, digest, moment(at), str(key.id))
    made, _ = AuditSeal.objects.get_or_create(
        organization_id=organization_id,
        number=head.audit_number,
        defaults={"hash": digest, "at": at, "key_id": key.id, "signature": sign(key, content)},
    )
    return made if isinstance(made, AuditSeal) else None


def unsealed() -> list[UUID]:
    """Organizations whose chains grew since they were last signed."""
    with scopes.system("find the chains that grew"):
        ends = dict(
            OrganizationHead.objects.filter(audit_number__gt=0).values_list("organization_id", "audit_number")
        )
        signed = set(
            AuditSeal.objects.filter(organization_id__in=list(ends)).values_list("organization_id", "number")
        )
    return [organization for organization, number in ends.items() if (organization, number) not in signed]


def checked_seals(organization_id: UUID) -> tuple[dict[int, bytes], int | None]:
    """Number → hash of every signature, and the number of the first that no key of ours made."""
    keys = {key.id: bytes(key.public) for key in SigningKey.objects.all()}
    found: dict[int, bytes] = {}
    for seal in AuditSeal.objects.filter(organization_id=organization_id).order_by("number"):
        if not is_ours(seal, keys):
            return found, seal.number
        found[seal.number] = bytes(seal.hash)
    return found, None


def is_ours(seal: AuditSeal, keys: dict[UUID, bytes]) -> bool:
    content = chain.seal_content(
        str(seal.organization_id), seal.number, bytes(seal.hash), moment(seal.at), str(seal.key_id)
    )
    return seal.key_id in keys and signs(keys[seal.key_id], bytes(seal.signature), content)


def moment(at: datetime) -> str:
    """As it was signed, whatever zone the database answers in."""
    return at.astimezone(UTC).isoformat()
