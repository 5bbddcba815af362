"""Message of a supervisor's page: the calls that it draws, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MOST_CARDS = 50
MOST_ROWS = 1000
LONGEST_ID = 256

CallId = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]


class Look(BaseModel):
    """Calls that a page draws; names of calls that do not exist, or that it may not see, bring nothing."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: Literal["look"]
    cards: Annotated[list[CallId], Field(max_length=MOST_CARDS)] = []
    """Calls with levels ten times a second, and those of the last minute once."""
    rows: Annotated[list[CallId], Field(max_length=MOST_ROWS)] = []
    """Calls with levels once a second."""
    whole: CallId | None = None
    """Call with its words; otherwise as a card."""


def read_look(text: str) -> Look | None:
    """Return the message; None when it is something else."""
    try:
        return Look.model_validate_json(text)
    except ValidationError:
        return None
