"""Endpoint, extension and name of a party, from its channel. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kikimori.taps.sides import Endpoint
from kikimori_core.model.call import Party

if TYPE_CHECKING:
    from kikimori.integrations.asterisk.tap.world import AsteriskChannel


_DIALLED = re.compile(r"^\+?[0-9*#]{3,}$")


def endpoint_of(channel: AsteriskChannel, queue: str | None) -> Endpoint:
    """Name a party of a call that came through `queue`.

    An endpoint that is named by its extension is believed before the caller identification, which FreePBX sets to the
    office's number for calls to the outside. Where a queue rings an endpoint without a caller identification of its
    own, Asterisk fills in what the customer dialled; that is no extension.
    """
    short = channel.endpoint.partition("/")[2]
    dialled = channel.was_called and queue is not None and not channel.display
    number = short if short.isdecimal() or dialled else channel.number or short
    return Endpoint(channel.endpoint, number, channel.display)


def caller_of(customer: AsteriskChannel, operator: AsteriskChannel) -> Party:
    """Return the customer: the caller, or the party that the operator dialled."""
    if customer.was_called and _DIALLED.match(operator.exten):
        # The line's own caller identification is the office's.
        return party(operator.exten, "")
    return party(customer.number, customer.display)


def party(number: str, display: str) -> Party:
    """Return a `Party` of texts that may be empty or too long."""
    return Party(number=number[:64] or None, name=display[:128] or None)
