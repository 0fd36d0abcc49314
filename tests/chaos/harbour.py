"""A small application that changes with every release: two Deployments, configuration, a Secret, a Service."""

from __future__ import annotations

_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - name: {name}
          image: registry.local/web:v{number}
          envFrom: [{{configMapRef: {{name: settings}}}}, {{secretRef: {{name: passwords}}}}]
---"""

_REST = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings}}
data: {{RELEASE: "{number}"}}
---
apiVersion: v1
kind: Secret
metadata: {{name: passwords}}
stringData: {{PASSWORD: "secret of {number}"}}
---
apiVersion: v1
kind: Service
metadata: {{name: gate}}
spec:
  selector: {{app: gate}}
  ports: [{{port: 80}}]
---"""


def manifests(number: int) -> str:
    """Each release changes both workloads, the ConfigMap and the Secret; the Service stays as it is. Odd releases
    have a second ConfigMap, which the next one prunes."""
    text = _REST.format(number=number)
    text += _DEPLOYMENT.format(name="gate", replicas=3, number=number)
    text += _DEPLOYMENT.format(name="crane", replicas=2, number=number)
    if number % 2:
        text += (
            "\napiVersion: v1\nkind: ConfigMap\n"
            'metadata: {name: odd, annotations: {slipway.dev/versioned: "false"}}\n'
            'data: {ODD: "yes"}\n'
        )
    return text


WORKLOADS = ("gate", "crane")
