"""Channels of a call, asked from Asterisk itself at the moment of the press."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kikimori.control.pbx_control import PbxAnswer
from kikimori.integrations.asterisk.control.dialplan import ANNOUNCER, CHANNEL, CONTEXT
from kikimori_core.wire.messages import Outcome

if TYPE_CHECKING:
    from kikimori.integrations.asterisk.ami_codec import Block
    from kikimori_core.model.call import CallInfo

OWN = ("Snoop/", "Surrogate/", ANNOUNCER)
"""Beginnings of the names of channels in a bridge that are no telephones."""


class Ami(Protocol):
    """Part of `kikimori.integrations.asterisk.ami.AmiClient` that is used here; its methods raise AmiError."""

    async def act(self, action: str, *variables: tuple[str, str], **fields: str) -> Block: ...

    async def listing(self, action: str, **fields: str) -> tuple[Block, list[Block]]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Position of a channel in the dialplan, and its bridge."""

    channel: str
    uniqueid: str
    context: str
    exten: str
    bridge: str

    @property
    def ours(self) -> bool:
        """Return whether the channel is in our dialplan, or in a subroutine of it."""
        return self.context.startswith(CONTEXT)


@dataclass(frozen=True, slots=True)
class Found:
    customer: Place
    peer: str | None
    """Channel that the customer talks with."""


class NotFoundError(Exception):
    """The call cannot be worked on."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.answer = PbxAnswer(Outcome.REFUSED, reason, detail)


async def place(ami: Ami, channel: str) -> Place | None:
    """Return the place of a channel; None for one that does not exist (any more)."""
    if not CHANNEL.fullmatch(channel):
        return None
    response, found = await ami.listing("Status", Channel=channel)
    if not response.ok or not found:
        return None
    status = found[0]
    return Place(
        channel, status.get("Uniqueid"), status.get("Context"), status.get("Exten"), status.get("BridgeID")
    )


async def others_in(ami: Ami, there: Place) -> list[str]:
    """Return the channels of people in the same bridge; none for a channel in no bridge."""
    if not there.bridge:
        return []
    response, found = await ami.listing("BridgeInfo", BridgeUniqueid=there.bridge)
    if not response.ok:
        return []
    channels = [each.get("Channel") for each in found]
    return [each for each in channels if each != there.channel and not each.startswith(OWN)]


async def find(ami: Ami, call: CallInfo) -> Found:
    """Find the customer of a call and the channel they talk with.

    The tap's word for the operator's channel is taken where it is in a call; else whoever is in the customer's bridge,
    as a dialplan tap may not know, and transfers change it.

    Raises:
        NotFoundError: no channel is known, it is gone. AmiError.
    """
    if not call.channel:
        raise NotFoundError("no_channel", "the way in of this call does not tell the customer's channel")
    customer = await place(ami, call.channel)
    if customer is None:
        raise NotFoundError("no_such_channel", call.channel)
    if not customer.bridge:
        return Found(customer, None)
    others = await others_in(ami, customer)
    if call.operator_channel and call.operator_channel not in others:
        operator = await place(ami, call.operator_channel)
        # Between them may be a Local channel, as with queues.
        if operator is not None and operator.bridge:
            return Found(customer, operator.channel)
    if call.operator_channel in others:
        return Found(customer, call.operator_channel)
    return Found(customer, others[0] if others else None)
