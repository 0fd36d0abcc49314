"""What may stand behind the question mark. Each list says it as a serializer, so the document says it too."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.request import Request

_SENTENCE = "A moment is written like 2026-11-23T14:05:00Z, with its offset."


class Moment(serializers.DateTimeField):
    """With its offset: a naive one would mean another instant, and lose the index."""

    def to_internal_value(self, value: Any) -> datetime:
        try:
            moment = parse_datetime(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None or not 1970 <= moment.year < 9000:
            raise serializers.ValidationError(_SENTENCE)
        return moment


class PageQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)
    cursor = serializers.CharField(required=False, max_length=400, help_text="`next` of the page before.")


class AfterQuery(serializers.Serializer[Any]):
    after = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=2_147_483_646, help_text="The last number you have."
    )


def read_query(kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """Raises ValidationError, a 422 that names the parameter. A parameter nobody knows is refused, not ignored:
    a misspelt filter would answer everything."""
    unknown = sorted(set(request.query_params) - set(kind().fields))
    if unknown:
        known = ", ".join(kind().fields)
        raise serializers.ValidationError({unknown[0]: f"No such parameter; there are {known}."})
    query = kind(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    values: dict[str, Any] = query.validated_data
    return values
