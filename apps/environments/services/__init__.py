"""Everything that changes environments, their policy, and the targets that follow from them."""

from apps.environments.services.grants import grant, take_back_grant
from apps.environments.services.places import (
    add_cluster_to_environment,
    move_environment,
    remove_cluster_from_environment,
)
from apps.environments.services.policy import change_environment, create_environment
from apps.environments.services.targets import ensure_targets, namespace_for, override_images

__all__ = [
    "add_cluster_to_environment",
    "change_environment",
    "create_environment",
    "ensure_targets",
    "grant",
    "move_environment",
    "namespace_for",
    "override_images",
    "remove_cluster_from_environment",
    "take_back_grant",
]
