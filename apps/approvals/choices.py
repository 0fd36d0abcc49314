from django.db.models import TextChoices


class OverrideKind(TextChoices):
    BREAK_GLASS = "break-glass", "Break-glass"  # an owner, without any approval, at any hour
    EMERGENCY = "emergency", "Emergency lane"  # a security fix, with fewer approvals, at any hour
