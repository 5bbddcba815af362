"""Remains of a broken connection in aiomqtt: none, with our client."""

from __future__ import annotations

import asyncio
import gc
import socket

import pytest

from kikimori_core.wire.connection import BrokerError, Client


async def test_a_socket_that_closes_is_watched_for_writing_no_longer() -> None:
    loop = asyncio.get_running_loop()
    client = Client("127.0.0.1")
    one, other = socket.socketpair()
    with one, other:
        client._on_socket_register_write(None, None, one)
        await asyncio.sleep(0)
        client._on_socket_close(None, None, one)
        assert not loop.remove_writer(one)


async def test_a_socket_that_closed_before_its_turn_is_not_watched() -> None:
    """Its number may be another connection's by then."""
    loop = asyncio.get_running_loop()
    faults: list[object] = []
    loop.set_exception_handler(lambda _, context: faults.append(context))
    client = Client("127.0.0.1")
    one, other = socket.socketpair()
    number = one.fileno()
    client._on_socket_register_write(None, None, one)
    one.close()
    other.close()
    with socket.socket() as heir:
        assert heir.fileno() == number
        await asyncio.sleep(0)
        assert not loop.remove_writer(number)
    assert faults == []


async def test_a_connection_that_breaks_when_nobody_waits_for_it_is_silent() -> None:
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    client = Client("127.0.0.1")
    client._disconnected.set_exception(BrokerError("gone"))
    await asyncio.sleep(0)
    del client
    gc.collect()
    assert faults == []


@pytest.mark.parametrize("taken", [True, False])
async def test_cancelled_while_it_connects_it_closes_its_socket(taken: bool) -> None:
    """`taken`: the connection stands and the broker's answer is awaited; else it is only being made."""
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    ended, arrived = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        while await reader.read(1000):
            pass
        writer.close()
        ended.set()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        client = Client("127.0.0.1", server.sockets[0].getsockname()[1])
        connecting = asyncio.create_task(client.__aenter__())
        if taken:
            await arrived.wait()
        else:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await asyncio.wait_for(ended.wait(), 30)
    assert faults == []


async def test_a_broker_that_hangs_up_on_a_connection_given_up_is_silent() -> None:
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    client = Client("127.0.0.1")
    client._connected.cancel()
    client._on_disconnect(client._client, None, None, 7)
    await asyncio.sleep(0)
    assert faults == []
