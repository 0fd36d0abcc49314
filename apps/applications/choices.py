from django.db.models import TextChoices


class SourceKind(TextChoices):
    PLAIN = "plain", "YAML documents"
    KUSTOMIZE = "kustomize", "Kustomize directory"
