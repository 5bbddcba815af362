"""Messages by which agent and dashboards make sure of each other: acknowledgements, and the list of what there is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kikimori_wire.evidence import Name
from kikimori_wire.messages import Message

MOST_OF_INVENTORY = 64 * 1024
"""Bytes of one part of an inventory."""


class Acks(Message):
    """What one run of a dashboard says to an agent: that it is there, what it holds, what its pages have drawn.

    Sent as soon as there is something to acknowledge, and every ten seconds.
    """

    client_id: Name
    run: Name
    """This run of the dashboard: another one after each start. Whoever is new to the agent is told everything."""
    pages: Annotated[int, Field(ge=0)] = 0
    """Supervisors' pages that are open."""
    held: dict[Name, int] = Field(default={})
    """Alert: the revision that the dashboard holds."""
    drawn: dict[Name, int] = Field(default={})
    """Alert: the revision that a supervisor's page has drawn."""
    site: Name | None = None
    """For what follows: stands in signed acknowledgements."""
    agent_id: Name | None = None
    agent_run: Name | None = None
    """The run of the agent that is told, from its health."""
    seq: Annotated[int, Field(ge=1)] | None = None
    """Counts what this run of the dashboard says; a lower or equal one has been taken before."""


class Inventory(Message):
    """All calls and open alerts of an agent, retained, in parts; what an online agent does not list is past.

    Only what has a `seq` up to this one, or is of another run, can be missing here: the rest is newer than the list.
    """

    agent_id: Name
    run: Name
    seq: Annotated[int, Field(ge=0)]
    """All that the run had said up to this number is taken into account."""
    digest: Name
    """The same for all parts of one list; stands in the agent's health while the list is in force."""
    part: Annotated[int, Field(ge=1)]
    parts: Annotated[int, Field(ge=1)]
    calls: dict[Name, int] = Field(default={})
    """Call: its `seq`."""
    alerts: dict[Name, int] = Field(default={})
    """Open alert: its revision."""
