"""Commands over a real broker: carried out once, answered as often as asked, and nothing else done."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.bus.conftest import until
from tests.support import sample
from tests.support.deadline import WITHIN_S
from tests.support.listener import listening
from tests.support.signing import signed
from tests.support.wire import Wire

from kikimori_core.wire.connection import connect
from kikimori_core.wire.messages import ASK_TIME, Command, CommandResult, Outcome

if TYPE_CHECKING:
    from tests.bus.conftest import Office
    from tests.support.brokers import AnyBroker

COMMANDS = sample.TOPICS.commands
REPLY = sample.TOPICS.reply("dashboard-1")


class Handler:
    """Answers when `free` is set; counts what it was given."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.free = asyncio.Event()
        self.free.set()

    async def __call__(self, command: Command) -> CommandResult:
        self.taken.append(command.command_id)
        await self.free.wait()
        if command.target == "666":
            raise LookupError("no such extension")
        return sample.result(command.command_id)


async def test_carried_out_once_answered_twice(broker: AnyBroker, office: Office) -> None:
    handler = Handler()
    other = sample.TOPICS.reply("dashboard-2")
    async with (
        office.bus(broker.settings, on_command=handler) as bus,
        listening(broker.settings, "kikimori/v2/+/dashboards/#") as listener,
        connect(broker.settings, "dashboard") as client,
    ):
        handler.free.clear()
        await client.publish(COMMANDS, signed(sample.command()), qos=1)
        await client.publish(COMMANDS, signed(sample.command(reply_to=other)), qos=1)
        await until(lambda: bus.counters()["commands_repeated"] == 1)
        assert not listener.heard
        handler.free.set()
        expected = sample.result().to_bytes()
        assert await listener.until_on(REPLY, 1) == [expected]
        assert await listener.until_on(other, 1) == [expected]
        await client.publish(COMMANDS, signed(sample.command()), qos=1)
        assert await listener.until_on(REPLY, 2) == [expected, expected]
        assert handler.taken == ["command-1"]


async def test_the_outcome_reaches_whom_the_broker_forgot(broker: AnyBroker, office: Office) -> None:
    """The connection dies between the press and its outcome, in the moment in which that is sent."""
    handler = Handler()
    handler.free.clear()
    async with (
        Wire(broker.settings.port) as wire,
        office.bus(broker.settings.model_copy(update={"port": wire.port}), on_command=handler) as bus,
        listening(broker.settings, REPLY) as listener,
        connect(broker.settings, "dashboard") as client,
    ):
        await client.publish(COMMANDS, signed(sample.command()), qos=1)
        await until(lambda: bool(handler.taken))
        wire.swallows = True
        handler.free.set()
        await until(lambda: not bus.counters()["commands_repeated"] and bus._receiver.running == 0)
        wire.cut()
        wire.mend()
        assert await listener.until_on(REPLY, 1) == [sample.result().to_bytes()]


async def test_the_time_is_told_whatever_the_askers_clock_says(broker: AnyBroker, office: Office) -> None:
    """A question that is hours old by the agent's clock; no call is touched, and nothing is remembered of it."""
    handler = Handler()
    late = sample.NOON + timedelta(hours=3)
    async with (
        office.bus(broker.settings, on_command=handler, now=lambda: late) as bus,
        listening(broker.settings, REPLY) as listener,
        connect(broker.settings, "dashboard") as client,
    ):
        question = sample.command(action=ASK_TIME, target=None, keep_operator=None, announcement=None)
        await client.publish(COMMANDS, signed(question), qos=1)
        (payload,) = await listener.until_on(REPLY, 1)
        answer = CommandResult.from_bytes(payload)
        assert (answer.outcome, answer.at) == (Outcome.DONE, late)
        assert handler.taken == []
        assert bus.counters()["commands_taken"] == bus.counters()["commands_expired"] == 0


async def test_expired_is_refused(broker: AnyBroker, office: Office) -> None:
    handler = Handler()
    late = sample.NOON + timedelta(seconds=12)
    async with (
        office.bus(broker.settings, on_command=handler, now=lambda: late),
        listening(broker.settings, REPLY) as listener,
        connect(broker.settings, "dashboard") as client,
    ):
        await client.publish(COMMANDS, signed(sample.command()), qos=1)
        (payload,) = await listener.until_on(REPLY, 1)
        answer = CommandResult.from_bytes(payload)
        assert (answer.outcome, answer.reason, answer.detail) == (Outcome.EXPIRED, "expired", "2.0 s late")
        assert handler.taken == []


@pytest.mark.parametrize("expires_at", [sample.NOON + timedelta(hours=1), datetime.max.replace(tzinfo=UTC)])
async def test_a_press_lives_fifteen_seconds_at_most(
    broker: AnyBroker, office: Office, expires_at: datetime
) -> None:
    """Whatever the sender asks for: an hour in a broker's queue, and a customer would be put on hold out of nowhere."""
    handler = Handler()
    now = sample.NOON + timedelta(seconds=14)
    async with (
        office.bus(broker.settings, on_command=handler, now=lambda: now),
        listening(broker.settings, REPLY) as listener,
        connect(broker.settings, "dashboard") as client,
    ):
        await client.publish(COMMANDS, signed(sample.command("early", expires_at=expires_at)), qos=1)
        await listener.until_on(REPLY, 1)
        now = sample.NOON + timedelta(seconds=16)
        await client.publish(COMMANDS, signed(sample.command("late", expires_at=expires_at)), qos=1)
        _, payload = await listener.until_on(REPLY, 2)
        answer = CommandResult.from_bytes(payload)
        assert (answer.outcome, answer.detail) == (Outcome.EXPIRED, "1.0 s late")
        assert handler.taken == ["early"]


async def test_a_failing_handler_is_told_as_failed(broker: AnyBroker, office: Office) -> None:
    async with (
        office.bus(broker.settings, on_command=Handler()),
        listening(broker.settings, REPLY) as listener,
        connect(broker.settings, "dashboard") as client,
    ):
        await client.publish(COMMANDS, signed(sample.command(target="666")), qos=1)
        (payload,) = await listener.until_on(REPLY, 1)
        answer = CommandResult.from_bytes(payload)
        assert (answer.outcome, answer.reason) == (Outcome.FAILED, "internal_error")
        assert "extension" not in payload.decode()


@pytest.mark.parametrize(
    "reply_to",
    [
        sample.TOPICS.health,
        sample.TOPICS.commands,
        "kikimori/v1/main/replies/dashboard-1",
        "kikimori/v2/elsewhere/dashboards/dashboard-1/replies/agent-1",
        "kikimori/v2/main/dashboards/dashboard-1/replies/agent-2",
        "kikimori/v2/main/dashboards/+/replies/agent-1",
        "kikimori/v2/main/dashboards/#",
        "kikimori/v2/main/dashboards/a/b/replies/agent-1",
        "kikimori/v2/main/dashboards//replies/agent-1",
        "kikimori/v2/main/dashboards/x\n/replies/agent-1",
        "$SYS/broker",
        "",
    ],
)
async def test_it_publishes_nowhere_else(broker: AnyBroker, office: Office, reply_to: str) -> None:
    handler = Handler()
    async with (
        office.bus(broker.settings, on_command=handler) as bus,
        listening(broker.settings) as listener,
        connect(broker.settings, "dashboard") as client,
    ):
        await client.publish(COMMANDS, signed(sample.command(reply_to=reply_to)), qos=1)
        await client.publish(COMMANDS, signed(sample.command("honest")), qos=1)
        await listener.until_on(REPLY, 1)
        assert handler.taken == ["honest"]
        assert bus.counters()["commands_invalid"] == 1
        allowed = {REPLY, COMMANDS, sample.TOPICS.health, sample.TOPICS.inventory(1)}
        assert {each.topic for each in listener.heard} <= allowed


async def test_a_retained_command_is_ignored(broker: AnyBroker, office: Office) -> None:
    handler = Handler()
    async with connect(broker.settings, "dashboard") as client:
        await client.publish(COMMANDS, signed(sample.command("retained")), qos=1, retain=True)
        async with (
            office.bus(broker.settings, on_command=handler),
            listening(broker.settings, REPLY) as listener,
        ):
            await client.publish(COMMANDS, signed(sample.command("pressed")), qos=1)
            await listener.until_on(REPLY, 1)
            assert handler.taken == ["pressed"]


async def test_garbage_and_floods_end_in_a_count(broker: AnyBroker, office: Office) -> None:
    handler = Handler()
    async with (
        office.bus(broker.settings, on_command=handler) as bus,
        listening(broker.settings, REPLY) as listener,
        connect(broker.settings, "dashboard") as client,
    ):
        garbage = [b"", b"\xff\xfe", b"{}", b"[1", b"{" * 5000, b"0" * 300_000, b'{"v":2}', b"null"]
        for payload in garbage:
            await client.publish(COMMANDS, payload, qos=1)
        handler.free.clear()
        for number in range(100):
            await client.publish(
                COMMANDS, signed(sample.command(f"flood-{number}", issued_by=f"supervisor {number}")), qos=1
            )
        await listener.until(lambda: len(listener.heard) >= 68)
        answers = [CommandResult.from_bytes(each.payload) for each in listener.heard]
        assert {(each.outcome, each.reason) for each in answers} == {(Outcome.REFUSED, "busy")}
        assert len(handler.taken) == 32
        handler.free.set()
        await listener.until(lambda: len(listener.heard) >= 100)
        assert bus.counters()["commands_invalid"] == len(garbage)


async def test_a_running_command_does_not_hold_up_the_end(broker: AnyBroker, office: Office) -> None:
    handler = Handler()
    async with asyncio.timeout(WITHIN_S), connect(broker.settings, "dashboard") as client:
        async with office.bus(broker.settings, on_command=handler):
            handler.free.clear()
            await client.publish(COMMANDS, signed(sample.command()), qos=1)
            await until(lambda: handler.taken == ["command-1"])
        assert not handler.free.is_set()
