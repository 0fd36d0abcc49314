"""Forms, constraints and the API spell phases and the rest exactly as the engine does."""

from __future__ import annotations

from enum import StrEnum

import pytest
from django.db.models import TextChoices

from apps.environments import choices as environments
from apps.rollouts import choices as rollouts
from slipway.engine.phases import Kind, Phase, StrategyName
from slipway.engine.promotion import Mode


@pytest.mark.parametrize(
    ("choices", "engine"),
    [
        (rollouts.PhaseChoice, Phase),
        (rollouts.KindChoice, Kind),
        (environments.Strategy, StrategyName),
        (environments.DeliveryMode, Mode),
    ],
)
def test_choices_equal_the_engines_words(choices: type[TextChoices], engine: type[StrEnum]):
    assert choices.values == [str(member) for member in engine]
