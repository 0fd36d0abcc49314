from django.db.models import TextChoices


class Reachability(TextChoices):
    UNKNOWN = "unknown", "Not asked yet"
    REACHABLE = "reachable", "Reachable"
    UNREACHABLE = "unreachable", "Does not answer"
    REFUSED = "refused", "Refuses our credentials"


class KindGroup(TextChoices):
    """What one shard of a cluster watches. Pods are tied to their workload by what the same shard has seen of its
    ReplicaSets, so these are never apart."""

    WORKLOADS = "workloads", "Workloads, their pods and events"
    OTHERS = "others", "Everything else that stands on a target"
