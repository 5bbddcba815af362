"""Parts of a message: levels of a call's voices."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kikimori_core.wire.evidence import Decibel, Part, Seconds
from kikimori_core.wire.values import Role


class LegLevel(Part):
    level_db: Decibel
    """Active speech level of the last second of speech, or the noise level in silence; dBFS."""
    speaking: bool
    over_calm_db: Decibel | None = None
    """Against this speaker's own calm voice; None until enough calm speech was heard."""
    effort: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Probability that the voice is raised (vocal effort), not how loud the line is."""
    noise: bool = False  # it sounded for a minute without a voice, which is not judged then


class CallLevels(Part):
    media_s: Seconds
    legs: dict[Role, LegLevel]
