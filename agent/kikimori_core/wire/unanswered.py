"""`[unanswered]`: what is done, and after how long, while nobody answers a call for help or a critical alert.

Read by the dashboard, which runs the clock, and by the agent, which rings superiors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_S = 3600.0

AGAIN_S = 10.0
"""Seconds after which a superior is rung again where nobody was free, or something was away."""
OVER = ("nobody_left", "nobody_open", "not_supported")
"""Reasons of an answer to `ring_superior` after which nobody else is rung for this alert."""
UNREACHED = ("no_answer", "busy", "declined", "unreachable", "no_such_extension")
"""Reasons for which one telephone was not answered: another one may follow."""

StepTime = Annotated[float, Field(ge=0, le=LONGEST_S)]
"""Seconds after which a step comes; 0 = never."""


class UnansweredTable(BaseModel):
    """The `[unanswered]` table of the configuration file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    critical: bool = True
    """True = critical alerts too; False = calls for help alone."""
    louder_after_s: StepTime = 15.0
    """The next group's pages ring, louder: first the supervisors of the call's team, then all others."""
    hold_after_s: StepTime = 30.0
    """The operator's page offers to put the customer on hold, where the PBX can."""
    ring_after_s: StepTime = 60.0
    """The first free superior's telephone is rung, where the PBX can; who does not answer is followed by the next."""
    next_superior: bool = True
    """True = a superior who does not answer a transfer is followed by the next, while the customer stays on hold."""

    def steps(self) -> Iterator[tuple[str, float]]:
        """Return the names of the steps that are on, with their seconds."""
        for name in ("louder_after_s", "hold_after_s", "ring_after_s"):
            if after_s := getattr(self, name):
                yield name, after_s
