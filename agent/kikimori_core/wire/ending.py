"""Parts of messages about ending a call: requests to stop that the operator made, and who decided."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kikimori_core.wire.evidence import Name, Part, Seconds, Text

MOST_REQUESTS = 20
"""Newest requests to stop that are kept of a call."""
STOP_REQUEST = "stop_request"
"""Category of phrases that ask the customer to stop."""

PersonName = Annotated[str, Field(max_length=128)]


class StopRequest(Part):
    """Request of the operator that the customer stop: to lower the voice, to mind the words."""

    start_s: Seconds
    quote: Text | None = None
    """The operator's words; None = both speak on one leg, and it is not known who said them."""


class EndingDecision(Part):
    """Decision of people to end a call, as `hang_up` carries it into the agent's record and the journal."""

    proposed_by: PersonName
    proposed_person_id: Name
    agreed_by: PersonName
    """Second person; the first once more where the office needs one only."""
    agreed_person_id: Name
    warnings: Annotated[int, Field(ge=0, le=1000)]
    """Number of requests to stop before the decision."""
    words: Annotated[str, Field(max_length=200)] | None = None
    """The proposer's own words about the reason."""
