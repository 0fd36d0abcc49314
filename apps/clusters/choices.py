from django.db.models import TextChoices


class Reachability(TextChoices):
    UNKNOWN = "unknown", "Not asked yet"
    REACHABLE = "reachable", "Reachable"
    UNREACHABLE = "unreachable", "Does not answer"
    REFUSED = "refused", "Refuses our credentials"
