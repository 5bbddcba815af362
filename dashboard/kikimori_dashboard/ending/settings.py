"""`[ending]`: what is needed before a call is ended from the pages. Read by the dashboard alone, which enforces it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kikimori_core.wire.evidence import Name
from kikimori_core.wire.files import TomlFile


class EndingTable(BaseModel):
    """The `[ending]` table of the configuration file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    people: Literal[1, 2] | None = None
    """Number of people who decide. None = 2 where at least two supervisors may decide about the call, else 1. A decision of
    one is confirmed by a second press."""
    warnings: Annotated[int, Field(ge=0, le=10)] = 2
    """Requests to stop that are needed before; a reason may need another number."""
    expires_s: Annotated[float, Field(ge=30, le=3600)] = 300.0
    """Seconds after which a proposal, or an agreement, counts for nothing."""
    confirm_after_s: Annotated[float, Field(ge=0, le=60)] = 5.0
    """Seconds between the two presses of a decision of one person: to read the sentence that will be said."""
    announcement: Name | None = None
    """Announcement of `[[pbx.announcements]]` that is offered once it is decided; None = the operator says the sentence."""
    reasons: TomlFile | None = None
    """The office's own file of reasons, in place of `ending-reasons.toml`."""
