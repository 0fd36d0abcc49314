"""A body becomes an object of the asked-for kind, or a refusal in the server's words."""

from __future__ import annotations

from typing import Any

from slipway.sandbox.errors import ApiError, bad_request
from slipway.sandbox.requests import Options, Target
from slipway.sandbox.store import Manifest
from slipway.sandbox.typed import conform


class Decoder:
    def __init__(self, target: Target, options: Options) -> None:
        self._target, self._options = target, options

    def decode(self, body: Any) -> Manifest:
        """For everything but server-side apply: unknown fields are dropped, warned of or refused as asked."""
        target, options = self._target, self._options
        obj = self._identified(body)
        held = conform(obj, target.kind.type(target.version))
        kind = target.kind.kind
        if held.wrong:
            raise bad_request(
                f'{kind} in version "{target.version}" cannot be handled as a {kind}: {held.wrong[0].as_decoded()}'
            )
        if held.unknown and options.validation == "Strict":
            problems = ", ".join(f'unknown field "{path}"' for path in held.unknown)
            raise bad_request(
                f'{kind} in version "{target.version}" cannot be handled as a {kind}: strict decoding error: {problems}'
            )
        if options.validation == "Warn":
            options.warnings += [f'unknown field "{path}"' for path in held.unknown]
        return self._with_metadata(held.value)

    def decode_configuration(self, body: Any) -> Manifest:
        """For server-side apply: what the schema does not know is a 500, as real servers answer."""
        target = self._target
        obj = self._identified(body)
        held = conform(obj, target.kind.type(target.version))
        problems = [f".{path}: field not declared in schema" for path in held.unknown]
        problems += [wrong.as_typed() for wrong in (*held.wrong, *held.unkeyed)]
        if problems and target.kind.definition is not None and not held.wrong and not held.unkeyed:
            problems = []  # a custom resource's unknown fields are pruned
        if problems:
            where = f"{target.namespace}/{target.name}" if target.namespace else f"/{target.name}"
            shown = problems[0] if len(problems) == 1 else "errors:\n  " + "\n  ".join(problems)
            raise ApiError(
                500,
                "",
                f"failed to create typed patch object ({where}; {target.api_version}, Kind={target.kind.kind}): "
                f"{shown}",
            )
        return self._with_metadata(held.value)

    def _identified(self, body: Any) -> Manifest:
        target = self._target
        if not isinstance(body, dict):
            raise bad_request("the object provided is unrecognized (must be of type object)")
        obj = {**body}
        kind, api_version = (
            obj.setdefault("kind", target.kind.kind),
            obj.setdefault("apiVersion", target.api_version),
        )
        if kind != target.kind.kind:
            raise bad_request(
                f'{kind} in version "{target.version}" cannot be handled as a {target.kind.kind}: converting '
                f"({target.version}.{kind}) to ({target.kind.group}.{target.kind.kind}): unknown conversion"
            )
        if api_version != target.api_version:
            raise bad_request(
                f"the API version in the data ({api_version}) does not match the expected API version "
                f"({target.api_version})"
            )
        return obj

    @staticmethod
    def _with_metadata(obj: Manifest) -> Manifest:
        metadata = obj.setdefault("metadata", {})
        for field in ("labels", "annotations"):
            if field in metadata and not metadata[field]:
                del metadata[field]
        return obj
