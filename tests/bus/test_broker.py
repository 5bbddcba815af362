"""The embedded broker keeps the promises of MQTT 3.1.1 that we rely on."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from structlog.testing import capture_logs
from tests.support.attacks import ATTACKS, Target, attack
from tests.support.brokers import USER, login
from tests.support.deadline import WITHIN_S
from tests.support.listener import listening, retained

from kikimori.bus.broker import MOST_CLIENTS, BrokerStartError, embedded_broker
from kikimori.bus.broker_users import agent_user
from kikimori.logs import FLOOD_LINES, FloodGate
from kikimori_core.wire.broker_problem import BAD_LOGIN
from kikimori_core.wire.connection import BrokerRefusedError, Will, connect
from kikimori_core.wire.messages import MAX_PAYLOAD
from kikimori_core.wire.settings import BrokerSettings


def _text(text: str) -> bytes:
    return len(text).to_bytes(2, "big") + text.encode()


_REST = b"\x00\x04MQTT\x04\xc2\x00\x3c\x00\x00" + _text(USER.name) + _text(USER.password)
CONNECT = bytes([0x10, len(_REST)]) + _REST
"""MQTT 3.1.1, a clean session, any name, a user who is let in."""
CONNACK = 0x20
HUGE_PUBLISH = b"\x32\xff\xff\xff\x7f" + b"\x00\x01t\x00\x01"
"""Says that it has 256 MiB, the most that can be said."""


async def test_the_real_port_is_told() -> None:
    async with embedded_broker(port=0, users=[USER]) as address:
        assert address.host == "127.0.0.1"
        assert address.port > 0
        async with connect(login(address.port), "client"):
            pass


async def test_a_taken_port_names_the_next_step() -> None:
    async with embedded_broker(port=0, users=[USER]) as address:
        with pytest.raises(BrokerStartError, match=f"port {address.port} .*is taken") as caught:
            async with embedded_broker(port=address.port):
                pass
        assert "[mqtt] port" in caught.value.next_step


@pytest.mark.parametrize(
    "settings",
    [
        BrokerSettings(),
        BrokerSettings().with_login(USER.name, "wrong"),
        BrokerSettings().with_login("nobody", USER.password),
        BrokerSettings().with_login("", ""),
    ],
    ids=["no user", "wrong password", "unknown user", "empty"],
)
async def test_nobody_is_let_in_without_a_password(settings: BrokerSettings) -> None:
    """And whose session it asks for stays connected."""
    async with (
        embedded_broker(port=0, users=[USER]) as address,
        connect(login(address.port), "here") as client,
        listening(login(address.port)) as listener,
    ):
        stranger = settings.model_copy(update={"port": address.port})
        with pytest.raises(BrokerRefusedError) as refused:
            async with connect(stranger, "tester.here", keep_session=True):
                pass
        assert refused.value.code in BAD_LOGIN
        await client.publish("t", b"1", qos=1)
        assert await listener.until_on("t", 1) == [b"1"]


async def test_a_last_will_is_held_to_the_rights_of_its_user() -> None:
    agent = agent_user("main", "front")
    async with embedded_broker(port=0, users=[agent]) as address:
        settings = BrokerSettings(port=address.port).with_login(agent.name, agent.password)
        will = Will("kikimori/v2/main/agents/back/health", b"x", qos=1, retain=True)
        with pytest.raises(BrokerRefusedError):
            async with connect(settings, "front", will=will):
                pass


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "pbx.example"])
async def test_it_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(BrokerStartError, match="loopback only"):
        async with embedded_broker(host, 0):
            pass


async def test_a_silent_client_does_not_hold_up_the_end() -> None:
    async with asyncio.timeout(WITHIN_S):
        async with embedded_broker(port=0, users=[USER]) as address:
            _, writer = await asyncio.open_connection(address.host, address.port)
        writer.close()


async def test_garbage_ends_one_connection_only() -> None:
    async with embedded_broker(port=0, users=[USER]) as address:
        settings = login(address.port)
        async with listening(settings, "t") as listener:
            for garbage in (
                b"GET / HTTP/1.1\r\n\r\n",
                b"\x10\xff\xff\xff\x7f",
                b"\x00" * 1000,
                b"\x10\x02\x00",
            ):
                _, writer = await asyncio.open_connection(address.host, address.port)
                writer.write(garbage)
                writer.write_eof()
                writer.close()
                await writer.wait_closed()
            async with connect(settings, "client") as client:
                await client.publish("t", b"still here", qos=1)
                assert await listener.until_on("t", 1) == [b"still here"]


async def test_a_persistent_session_queues_while_its_client_is_away() -> None:
    async with embedded_broker(port=0, users=[USER]) as address:
        settings = login(address.port)
        async with connect(settings, "away", keep_session=True) as client:
            await client.subscribe("t", qos=1)
        async with connect(settings, "client") as client:
            await client.publish("t", b"1", qos=1)
            await client.publish("t", b"2", qos=1)
        async with listening(settings, "t", client_id="away", keep_session=True) as listener:
            assert await listener.until_on("t", 2) == [b"1", b"2"]


async def test_nobody_is_told_what_others_subscribed_to() -> None:
    async with embedded_broker(port=0, users=[USER]) as address:
        settings = login(address.port)
        async with listening(settings, "secret"), connect(settings, "client") as client:
            await client.publish("secret", b"x", qos=1, retain=True)
            async with connect(settings, "newcomer") as newcomer:
                await newcomer.subscribe("mine", qos=1)
                await newcomer.publish("mine", b"1", qos=1)
                async with asyncio.timeout(WITHIN_S):
                    first = await anext(aiter(newcomer.messages))
                assert first.topic.value == "mine"


async def test_clients_that_come_and_go_cost_no_message() -> None:
    """Subscriptions appear while others connect with a session that has retained messages to be told."""
    turns = 40
    async with embedded_broker(port=0, users=[USER]) as address:
        settings = login(address.port)

        async def comes_and_goes(name: str) -> None:
            for number in range(turns):
                async with connect(settings, name) as client:
                    await client.subscribe(f"{name}/{number}", qos=1)

        async def returns(name: str) -> None:
            for number in range(turns):
                async with connect(settings, name, keep_session=True) as client:
                    await client.subscribe([(f"state/{name}/{number}", 1), ("state/#", 1)])
                    await client.publish("t", f"{name} {number}".encode(), qos=1)

        async with listening(settings, "t", client_id="steady") as listener:
            async with connect(settings, "publisher") as client:
                for number in range(20):
                    await client.publish(f"state/{number}", b"x", qos=1, retain=True)
            names = [f"returning-{number}" for number in range(3)]
            async with asyncio.TaskGroup() as tasks:
                for name in names:
                    tasks.create_task(returns(name))
                for number in range(4):
                    tasks.create_task(comes_and_goes(f"guest-{number}"))
            heard = await listener.until_on("t", len(names) * turns)
            for name in names:
                own = [each for each in heard if each.startswith(name.encode())]
                assert own == [f"{name} {number}".encode() for number in range(turns)]
            assert len(await retained(settings, "state/#")) == 20


async def test_a_bad_peer_harms_no_message() -> None:
    """A crowd, haste, garbage, and packets that are slow or never end: who is connected hears on."""
    async with embedded_broker(port=0, users=[USER]) as address:
        settings = login(address.port)
        target = Target((address.host, address.port), CONNECT + HUGE_PUBLISH, b"\0")
        async with listening(settings, "t") as listener, connect(settings, "client") as client:
            with capture_logs([FloodGate()]) as logs:
                for number, kind in enumerate(ATTACKS, 1):
                    async with attack(target, kind):
                        await client.publish("t", kind.encode(), qos=1)
                        assert await listener.until_on("t", number) == [
                            each.encode() for each in ATTACKS[:number]
                        ]
            assert len(logs) < 2 * FLOOD_LINES
        async with asyncio.timeout(WITHIN_S):
            async with connect(settings, "newcomer") as newcomer:
                await newcomer.publish("t", b"x", qos=1)


async def test_a_packet_that_is_far_too_large_ends_its_connection() -> None:
    async with embedded_broker(port=0, users=[USER]) as address:
        settings = login(address.port)
        async with listening(settings, "t") as listener, connect(settings, "good") as good:
            reader, writer = await asyncio.open_connection(address.host, address.port)
            writer.write(CONNECT)
            async with asyncio.timeout(WITHIN_S):
                assert (await reader.readexactly(4))[0] == CONNACK
                writer.write(HUGE_PUBLISH + bytes(1000))
                with suppress(ConnectionResetError):
                    assert await reader.read() == b""
            writer.close()
            await good.publish("t", bytes(MAX_PAYLOAD), qos=1)
            assert await listener.until_on("t", 1) == [bytes(MAX_PAYLOAD)]


async def test_connections_beyond_the_limit_are_closed() -> None:
    async with embedded_broker(port=0, users=[USER]) as address:
        crowd = [await asyncio.open_connection(address.host, address.port) for _ in range(MOST_CLIENTS)]
        reader, writer = await asyncio.open_connection(address.host, address.port)
        async with asyncio.timeout(WITHIN_S):
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        for _, each in (*crowd, (reader, writer)):
            each.close()
