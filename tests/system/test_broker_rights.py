"""The shipped ACL on a real Mosquitto, and the embedded broker's rights: every user tries every topic, reading and writing."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Protocol

import pytest
import pytest_asyncio
from tests.support.deadline import WITHIN_S
from tests.system.conftest import until

from kikimori.bus.broker import embedded_broker
from kikimori.bus.broker_users import agent_user, dashboard_user
from kikimori_core.wire.connection import BrokerError, connect
from kikimori_core.wire.former_topics import FormerTopics
from kikimori_core.wire.settings import BrokerSettings
from kikimori_core.wire.topics import Topics
from kikimori_lab.bench.mosquitto import ShippedMosquitto

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from kikimori.bus.broker_users import BrokerUser
    from kikimori_core.wire.connection import Client

SITE = "test"
AGENTS = ("front", "back")
DASHBOARDS = ("dashboard", "wall")
USERS = AGENTS + DASHBOARDS


def every_topic(*, former_tree: bool = True) -> dict[str, tuple[set[str], set[str]]]:
    """Topic: who may read it, who may write it. The embedded broker lets nobody into the tree before."""
    made: dict[str, tuple[set[str], set[str]]] = {}
    former = FormerTopics(SITE)
    boards = set(DASHBOARDS)
    for agent in AGENTS:
        topics = Topics(SITE).of(agent)
        own = {agent}
        for each in (
            topics.health, topics.levels, topics.call_state("c1"), topics.transcript("c1"), topics.alert("a1"),
            topics.inventory(1),
        ):  # fmt: skip
            made[each] = (own | boards, own)
        for each in (topics.commands, topics.acks):
            made[each] = (own | boards, own | boards)
        for board in DASHBOARDS:
            made[topics.reply(board)] = ({board}, {agent, board})
        # The tree before: its health and levels are the agent's own, the rest is nobody's any more.
        made[former.health(agent)] = (own | boards, own)
        made[former.levels(agent)] = (own | boards, own)
        made[former.commands(agent)] = (own | boards, boards)
    for board in DASHBOARDS:
        made[Topics(SITE).marker(board)] = ({board}, {board})
    for each in (
        former.call_state("c1"),
        former.transcript("c1"),
        former.alert("a1"),
        former.reply("dashboard"),
    ):
        made[each] = (boards, set())
    for each in (
        f"kikimori/v2/elsewhere/agents/{AGENTS[0]}/health",
        f"kikimori/v2/{SITE}/agents",
        "anything",
        "$SYS/broker/version",
    ):
        made[each] = (set(), set())
    if not former_tree:
        del made["$SYS/broker/version"]  # it ends the connection of whoever writes there
        made |= {topic: (set(), set()) for topic in made if topic.startswith("kikimori/v1/")}
    return made


class GuardedBroker(Protocol):
    """A broker with the users of this test."""

    def settings(self, user: str) -> BrokerSettings: ...


class EmbeddedOffice:
    """The embedded broker as `kikimori up` starts it, with the users of this test."""

    def __init__(self, port: int, users: Sequence[BrokerUser]) -> None:
        self._port = port
        self._users = {each.name: each for each in users}

    def settings(self, user: str) -> BrokerSettings:
        known = self._users.get(user)
        return BrokerSettings(port=self._port).with_login(user, known.password if known else "none")


@pytest_asyncio.fixture(params=["mosquitto", "embedded"])
async def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[GuardedBroker]:
    if request.param == "mosquitto":
        made = ShippedMosquitto(tmp_path, SITE, agents=AGENTS, dashboards=DASHBOARDS)
        await made.start()
        yield made
        await made.stop()
    else:
        users = [agent_user(SITE, each) for each in AGENTS] + [
            dashboard_user(SITE, each) for each in DASHBOARDS
        ]
        async with embedded_broker(port=0, users=users) as address:
            yield EmbeddedOffice(address.port, users)


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[ShippedMosquitto]:
    made = ShippedMosquitto(tmp_path, SITE, agents=AGENTS, dashboards=DASHBOARDS)
    await made.start()
    yield made
    await made.stop()


class Reader:
    """Keeps what a user is given on a connection; the user's own branch has a topic that says when all has come."""

    def __init__(self, client: Client, own: str) -> None:
        self.client = client
        self.own = own
        self.heard: set[tuple[str, bytes]] = set()

    async def read(self) -> None:
        async for message in self.client.messages:
            assert isinstance(message.payload, bytes)
            self.heard.add((message.topic.value, message.payload))


def own_topic(user: str) -> str:
    return Topics(SITE).of(user).levels if user in AGENTS else Topics(SITE).marker(user)


async def test_every_user_on_every_topic(guarded: GuardedBroker) -> None:
    broker = guarded
    topics = every_topic(former_tree=isinstance(guarded, ShippedMosquitto))
    async with AsyncExitStack() as stack, asyncio.timeout(WITHIN_S):
        readers: dict[str, Reader] = {}
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        for user in USERS:
            client = await stack.enter_async_context(connect(broker.settings(user), f"any-{user}"))
            readers[user] = Reader(client, own_topic(user))
            await client.subscribe([("#", 1), ("$SYS/#", 1), *((each, 1) for each in topics)])
            running = tasks.create_task(readers[user].read())
            stack.callback(running.cancel)
        for writer in USERS:
            for topic in topics:
                await readers[writer].client.publish(topic, f"by {writer}".encode(), qos=1)
        for reader in readers.values():
            await reader.client.publish(reader.own, b"end", qos=1)
            await until(lambda reader=reader: (reader.own, b"end") in reader.heard)  # type: ignore[misc]
        faults = []
        for topic, (may_read, may_write) in topics.items():
            for writer in USERS:
                for user in USERS:
                    came = (topic, f"by {writer}".encode()) in readers[user].heard
                    if came != (writer in may_write and user in may_read):
                        faults.append(f"{writer} -> {topic} -> {user}: {'came' if came else 'did not come'}")
        assert faults == []
        # Nothing came on a topic that was not tried.
        assert {topic for reader in readers.values() for topic, _ in reader.heard} <= topics.keys()


async def test_nobody_takes_anothers_client_id(guarded: GuardedBroker) -> None:
    """The dashboard's connection goes on while an agent's user asks for its client id."""
    broker = guarded
    topics = Topics(SITE)
    async with connect(broker.settings("dashboard"), "dashboard", keep_session=True) as board:
        await board.subscribe(topics.of("front").health, qos=1)
        async with connect(broker.settings("front"), "dashboard", keep_session=True) as thief:
            await thief.publish(topics.of("front").health, b"still here", qos=1)
            async with asyncio.timeout(WITHIN_S):
                message = await anext(aiter(board.messages))
            assert message.payload == b"still here"
            await board.publish(topics.marker("dashboard"), b"and can write", qos=1)


async def test_strangers_are_refused(broker: ShippedMosquitto) -> None:
    known = broker.settings("front")
    for settings in (
        known.model_copy(update={"username": None, "password_file": None}),
        known.model_copy(update={"username": "nobody"}),
        known.model_copy(update={"username": "dashboard"}),
    ):
        with pytest.raises(BrokerError):
            async with connect(settings, "stranger"):
                pass
