"""Messages by which agent and dashboards confirm delivery: acknowledgements, and the list of what exists."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kikimori_core.wire.evidence import MOST_DAYS, Name, Part
from kikimori_core.wire.messages import Message

MOST_OF_INVENTORY = 64 * 1024
"""Bytes of one part of an inventory."""


class CallerDay(Part):
    """Contacts of a caller within one of the periods of 24 hours before the call, over the whole office."""

    days_ago: Annotated[int, Field(ge=0, lt=MOST_DAYS)]
    """0 = within the last 24 hours."""
    contacts: Annotated[int, Field(ge=0)]
    minutes: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    incidents: Annotated[int, Field(ge=0)]
    """Calls with a warning or worse."""


class CallerContacts(Part):
    """Earlier contacts of a call's caller, without number, name and pseudonym."""

    days: Annotated[tuple[CallerDay, ...], Field(max_length=MOST_DAYS)] = ()


class Acks(Message):
    """Report of a dashboard run to an agent: its presence, the alerts it holds, those its pages have drawn.

    Sent as soon as there is something to acknowledge, and every ten seconds.
    """

    client_id: Name
    run: Name
    """Name of this run of the dashboard; another one after each start. A new run is sent everything."""
    pages: Annotated[int, Field(ge=0)] = 0
    """Supervisors' pages that are open."""
    held: dict[Name, int] = Field(default={})
    """Alert: the revision that the dashboard holds."""
    drawn: dict[Name, int] = Field(default={})
    """Alert: the revision that a supervisor's page has drawn."""
    callers: dict[Name, CallerContacts] = Field(default={})
    """Call: earlier contacts of its caller."""
    site: Name | None = None
    """For what follows: stands in signed acknowledgements."""
    agent_id: Name | None = None
    agent_run: Name | None = None
    """Run of the agent that is addressed, from its health."""
    seq: Annotated[int, Field(ge=1)] | None = None
    """Sequence number in this run of the dashboard; a lower or equal one was taken before."""


class Inventory(Message):
    """All calls and open alerts of an agent, retained, in parts; an online agent's unlisted ones are past.

    Only what has a `seq` up to this one, or is of another run, can be missing here: the rest is newer than the list.
    """

    agent_id: Name
    run: Name
    seq: Annotated[int, Field(ge=0)]
    """Number up to which all messages of the run are taken into account."""
    digest: Name
    """Digest shared by all parts of one list; stands in the agent's health while the list is in force."""
    part: Annotated[int, Field(ge=1)]
    parts: Annotated[int, Field(ge=1)]
    calls: dict[Name, int] = Field(default={})
    """Call: its `seq`."""
    alerts: dict[Name, int] = Field(default={})
    """Open alert: its revision."""
