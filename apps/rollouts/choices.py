from django.db.models import TextChoices


class PhaseChoice(TextChoices):
    """The engine's phases, for forms and constraints; a test holds the two equal."""

    PENDING = "pending", "Pending"
    WAITING = "waiting", "Waiting"
    PROGRESSING = "progressing", "Progressing"
    PAUSED = "paused", "Paused"
    VERIFYING = "verifying", "Verifying"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    ERRORED = "errored", "Errored"
    ABORTED = "aborted", "Aborted"
    SUPERSEDED = "superseded", "Superseded"


class KindChoice(TextChoices):
    FORWARD = "forward", "Forward"
    ROLLBACK = "rollback", "Rollback"
    REAPPLY = "re-apply", "Re-apply"
    HEAL = "heal", "Heal"


class JournalState(TextChoices):
    PLANNED = "planned", "Planned"  # nothing sent yet
    SENT = "sent", "Sent"  # sent, the answer is not recorded: on resume the object is at before or after
    APPLIED = "applied", "Applied"
    KEPT = "kept", "Kept"  # never pruned without its name typed
