from django.db.models import TextChoices


class DeliveryMode(TextChoices):
    MANUAL = "manual", "A person starts each rollout"
    AUTO = "auto", "A release that succeeded in the environment before starts by itself"
    APPROVE = "approve", "As automatic, then waits for its approvals"


class Strategy(TextChoices):
    ROLLING = "rolling", "Rolling"
    RECREATE = "recreate", "Recreate"


class TargetHealthState(TextChoices):
    UNKNOWN = "unknown", "Unknown"
    HEALTHY = "healthy", "Healthy"
    PROGRESSING = "progressing", "Progressing"
    DEGRADED = "degraded", "Degraded"
