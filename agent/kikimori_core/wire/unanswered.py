"""`[unanswered]`: what is done, and after how long, while nobody answers a call for help."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LONGEST_S = 3600.0

StepTime = Annotated[float, Field(ge=0, le=LONGEST_S)]
"""Seconds after which a step comes; 0 = never."""


class UnansweredTable(BaseModel):
    """The `[unanswered]` table of the configuration file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ring_after_s: StepTime = 60.0
    """The first free superior's telephone is rung, where the PBX can; who does not answer is followed by the next."""
    next_superior: bool = True
    """True = a superior who does not answer a transfer is followed by the next, while the customer stays on hold."""
