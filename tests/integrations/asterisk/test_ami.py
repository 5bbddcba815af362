"""A connection to AMI that ends at the wrong moment."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import pytest
import uvloop

from kikimori.integrations.asterisk.ami import AmiConnection
from kikimori.integrations.asterisk.ami_away import AmiError


def test_an_action_on_a_socket_that_is_closed_but_not_told_yet() -> None:
    """On uvloop, which the agent runs on, that is a RuntimeError; it must not end the agent."""

    async def act() -> None:
        near, far = socket.socketpair()
        with far:
            reader, writer = await asyncio.open_connection(sock=near)
            connection = AmiConnection(reader, writer, lambda _event: None)
            # Nobody reads, so nobody is told.
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()
            with pytest.raises(AmiError):
                await connection.act("Ping")

    uvloop.run(act())
