"""What signing in must remember where a lost Valkey cannot lose it. These rows are people's, not an organization's."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class UsedCode(models.Model):
    """The newest time step whose code a person has used. Codes of that step and of earlier ones open nothing more."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    step = models.BigIntegerField()  # seconds since 1970, divided by the length of a step

    class Meta:
        db_table = "used_code"

    def __str__(self) -> str:
        return f"{self.user_id} {self.step}"


class FailedSignIns(models.Model):
    """How often in a row somebody failed to sign in. `subject` is who tries (a network or a known browser), `account`
    whom they try to be; both are digests, so that the table lists neither addresses nor people."""

    subject = models.BinaryField(max_length=32)
    account = models.BinaryField(max_length=32)  # empty: whoever it was, counted together
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        db_table = "failed_sign_ins"
        constraints = [models.UniqueConstraint(fields=["subject", "account"], name="failed_sign_ins_once")]

    def __str__(self) -> str:
        return f"{self.failures}"


class AddressChange(models.Model):
    """The address that a person wants to sign in with. Until it is verified it counts for nothing: a person's own
    address is always a verified one, by an invitation to it or by this."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    email = models.EmailField()
    asked_at = models.DateTimeField()

    class Meta:
        db_table = "address_change"

    def __str__(self) -> str:
        return self.email
