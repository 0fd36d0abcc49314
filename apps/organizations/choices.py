from django.db.models import TextChoices


class Role(TextChoices):
    OWNER = "owner", "Owner"  # releaser + admin + owners, deletion
    ADMIN = "admin", "Admin"  # sees; applications, environments, clusters, people; deploys only by a grant
    RELEASER = "releaser", "Releaser"  # developer + starts anywhere, aborts, pauses, rolls back, approves
    DEVELOPER = "developer", "Developer"  # sees; makes releases, starts rollouts where no approval is needed
    AUDITOR = "auditor", "Auditor"  # sees, audit and its export
    VIEWER = "viewer", "Viewer"  # sees


class GrantedRight(TextChoices):
    DEPLOY = "deploy", "Deploy"
    APPROVE = "approve", "Approve"
    CONFIGURE = "configure", "Configure"


class TokenScope(TextChoices):
    READ = "read", "Read"
    RELEASE = "release", "Make releases"
    DEPLOY = "deploy", "Start, stop and roll back"
    APPROVE = "approve", "Approve"
    ADMIN = "admin", "Administer"


class ConnectionStatus(TextChoices):
    DRAFT = "draft", "Draft"  # only its test button works
    ON = "on", "On"
