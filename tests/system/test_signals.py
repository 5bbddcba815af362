"""Lamps and buttons at a real Mosquitto with the shipped files and at the embedded broker: state, rights, restart."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

import pytest
import pytest_asyncio
from tests.support.browser import dashboard, dashboard_settings, store_of_people
from tests.support.listener import Listener, listening
from tests.support.live_client import live_client
from tests.support.peer_agent import PeerAgent
from tests.support.signing import dashboard_identity

from kikimori.bus.broker import embedded_broker
from kikimori.bus.broker_users import agent_user, dashboard_user, devices_user, signals_user
from kikimori.office import open_office
from kikimori_core.wire.connection import connect
from kikimori_core.wire.messages import Action, Party
from kikimori_core.wire.settings import BrokerSettings
from kikimori_core.wire.topics import Topics
from kikimori_dashboard import DashboardSettings
from kikimori_dashboard.signals.settings import SignalSettings
from kikimori_lab.bench.mosquitto import ShippedMosquitto
from kikimori_lab.cli.demo import demo_config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto

    from kikimori_records.store import Store

SITE = "test"
BASE = f"kikimori/v2/{SITE}/signals"
BUTTONS = f"kikimori/v2/{SITE}/buttons/devices"
SINGLE = b'{"action":"single"}'
SIGNALS = SignalSettings.model_validate(
    {
        "enabled": True,
        "places": [{"name": "a1", "extensions": ["201"]}, {"name": "office"}],
        "buttons": [{"extension": "201"}, {"extension": "202"}],
    }
)


class UserBroker(Protocol):
    def settings(self, user: str) -> BrokerSettings: ...


class EmbeddedUsers:
    """The embedded broker with the users that `kikimori up` gives it."""

    def __init__(self) -> None:
        told, buttons = SIGNALS.told(SITE), tuple(SIGNALS.extensions(SITE))
        self.users = (
            agent_user(SITE, "front"),
            dashboard_user(SITE, "dashboard"),
            signals_user(told, buttons),
            devices_user("devices", "secret", told, buttons),
        )
        self.port = 0

    def settings(self, user: str) -> BrokerSettings:
        password = next(each.password for each in self.users if each.name == user)
        return BrokerSettings(port=self.port).with_login(user, password)


@pytest_asyncio.fixture(params=["mosquitto", "embedded"])
async def users(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[UserBroker]:
    if request.param == "mosquitto":
        made = ShippedMosquitto(
            tmp_path, SITE, agents=("front", "signals", "devices"), dashboards=("dashboard",)
        )
        await made.start()
        yield made
        await made.stop()
    else:
        users = EmbeddedUsers()
        async with embedded_broker(port=0, users=users.users) as address:
            users.port = address.port
            yield users


@asynccontextmanager
async def pages(users: UserBroker, store: Store) -> AsyncIterator[str]:
    settings = dashboard_settings(users.settings("dashboard"), site=SITE, client_id="dashboard").model_copy(
        update={"signals": SIGNALS.model_copy(update={"mqtt": users.settings("signals")})}
    )
    async with dashboard(settings, store=store, identity=dashboard_identity()) as url:
        yield url


def last(listener: Listener, topic: str) -> bytes | None:
    return next(reversed(listener.on(f"{BASE}/{topic}")), None)


async def until_lamps(listener: Listener, **wanted: bytes) -> None:
    await listener.until(
        lambda: all(last(listener, name.replace("__", "/")) == payload for name, payload in wanted.items())
    )


async def test_lamps_show_the_alerts_and_go_out_after_a_restart(users: UserBroker) -> None:
    async with (
        PeerAgent(users.settings("front"), SITE, "front").running() as agent,
        listening(users.settings("devices")) as lamps,
        store_of_people() as store,
    ):
        async with pages(users, store):
            await until_lamps(lamps, availability=b"online", a1__severity=b"calm", office__help=b"OFF")
            await agent.call("c1")
            warned = await agent.alert("c1", rule="escalate", kind="escalate")
            await until_lamps(lamps, a1__severity=b"critical", a1__help=b"ON", office__help=b"ON")
            await agent.close_alert(warned)
            await until_lamps(lamps, a1__severity=b"calm", a1__help=b"OFF", office__help=b"OFF")
            await agent.alert("c1")
            await until_lamps(lamps, a1__severity=b"critical", a1__help=b"OFF")
        await until_lamps(lamps, availability=b"offline")
        # While nobody tells the lamps, the call ends; an alert of it is cleared.
        for topic in list(agent.retained):
            if "/calls/" in topic or "/alerts/" in topic:
                await agent.publish(topic, b"", retain=True)
        async with pages(users, store):
            await until_lamps(lamps, availability=b"online", a1__severity=b"calm", office__severity=b"calm")
        # A newcomer is told by the broker; nothing of it names a person or a number.
        async with listening(users.settings("devices"), client_id="newcomer") as newcomer:
            found = "homeassistant/binary_sensor/kikimori_test_a1/help/config"
            await newcomer.until(lambda: bool(newcomer.on(found)) and last(newcomer, "a1/state") is not None)
            assert json.loads(newcomer.on(found)[0])["state_topic"] == f"{BASE}/a1/help"
        told = b"".join(each.payload for each in lamps.heard).decode()
        assert not [each for each in ("佐藤", "山田", "03-5555", "大声", "201") if each in told]


async def test_a_place_that_is_configured_no_more_is_cleared(users: UserBroker) -> None:
    gone = {f"{BASE}/old/severity", "homeassistant/sensor/kikimori_test_old/severity/config"}
    other = "homeassistant/sensor/kikimori_elsewhere_old/severity/config"
    async with connect(users.settings("signals"), "before") as before:
        for topic in (*gone, other):
            await before.publish(topic, b"critical", qos=1, retain=True)
    async with listening(users.settings("devices")) as lamps, store_of_people() as store:
        await lamps.until(lambda: {each.topic for each in lamps.heard} >= {*gone, other})
        async with pages(users, store):
            await lamps.until(lambda: all(lamps.on(each)[-1:] == [b""] for each in gone))
            await until_lamps(lamps, availability=b"online")
        assert lamps.on(other) == [b"critical"]


async def test_only_the_devices_user_calls_for_help(users: UserBroker) -> None:
    async with (
        PeerAgent(users.settings("front"), SITE, "front").running() as agent,
        connect(users.settings("devices"), "devices") as devices,
        store_of_people() as store,
    ):
        # Pressed some time ago, and kept by the broker: it must not count when the dashboard starts.
        await devices.publish(f"{BUTTONS}/202", SINGLE, qos=1, retain=True)
        async with pages(users, store) as url, live_client(url) as page:
            await agent.call("c1")
            await agent.call("c2", operator=Party(number="202", name="鈴木"))
            picture = await page.until(lambda each: {"c1", "c2"} <= set(each["calls"]))
            await agent.publish(f"{BUTTONS}/202", SINGLE)  # another user, with a press that would count
            # By the devices' user, until it is known whose the topics are.
            command = asyncio.create_task(agent.command())
            while not command.done():
                await devices.publish(f"{BUTTONS}/201", SINGLE, qos=1)
                await asyncio.wait([command], timeout=0.5)
            asked = command.result()
            assert (asked.call_id, asked.action, asked.role) == ("c1", Action.ESCALATE, "operator")
            assert asked.issued_by == "内線 201 の席のボタン"
            await agent.answer(asked)
            picture = await page.until(
                lambda each: each["commands"].get("c1", {}).get("help", {}).get("result")
            )
            assert picture["commands"]["c1"]["help"]["result"]["outcome"] == "done"
            assert "c2" not in picture["commands"]
            assert picture["site"]["certificate"] == []


async def test_where_anybody_may_write_buttons_do_not_count(real: Mosquitto) -> None:
    settings = dashboard_settings(real.settings, site=SITE).model_copy(update={"signals": SIGNALS})
    async with (
        PeerAgent(real.settings, SITE, "front").running() as agent,
        connect(real.settings, "anybody") as anybody,
        dashboard(settings) as url,
        live_client(url) as page,
    ):
        await agent.call("c1")
        picture = await page.until(lambda each: each["calls"] and each["site"]["certificate"])
        assert [each["code"] for each in picture["site"]["certificate"]] == ["signals_topic_open"]
        await anybody.publish(f"{BUTTONS}/201", SINGLE, qos=1)
        # Behind it on the same connection comes a call, so that the press has been read when it is shown.
        await agent.call("c2")
        await page.until(lambda each: "c2" in each["calls"])
        assert agent.commands.empty()


async def test_neither_user_reads_the_directory(users: UserBroker) -> None:
    """It names everybody with their extension, and the telephones of superiors; a button or a lamp needs none of that."""
    topic, end = Topics(SITE).directory("dashboard"), f"{BASE}/a1/help"
    async with connect(users.settings("dashboard"), "dashboard") as board:
        await board.publish(topic, b"names", qos=1, retain=True)
        async with listening(users.settings("front")) as front:
            await front.until_on(topic, 1)
        async with (
            connect(users.settings("signals"), "signals") as signals,
            listening(users.settings("devices")) as lamps,
        ):
            await board.publish(topic, b"names again", qos=1, retain=True)
            await signals.publish(end, b"end", qos=1)
            await lamps.until_on(end, 1)
            assert {each.topic for each in lamps.heard} == {end}
        async with (
            listening(users.settings("signals")) as heard,
            connect(users.settings("devices"), "devices") as devices,
        ):
            await board.publish(topic, b"names at last", qos=1, retain=True)
            await devices.publish(f"{BUTTONS}/202", b"end", qos=1)
            await heard.until_on(f"{BUTTONS}/202", 1)
            assert topic not in {each.topic for each in heard.heard}


async def test_neither_user_may_speak_for_an_agent_or_a_dashboard(users: UserBroker) -> None:
    """The shipped ACL lets every user write in its own name; these two are programs of others."""
    of_agent = [f"kikimori/v2/{SITE}/agents/{each}/health" for each in ("devices", "signals", "front")]
    replies = [f"kikimori/v2/{SITE}/dashboards/dashboard/replies/{each}" for each in ("devices", "signals")]
    of_lamps = [f"{BASE}/a1/help", "homeassistant/sensor/x/config"]
    pressed = f"{BUTTONS}/202"
    async with listening(users.settings("dashboard")) as board:
        async with (
            listening(users.settings("devices")) as lamps,
            connect(users.settings("signals"), "signals") as signals,
        ):
            for topic in (*of_agent, *replies, pressed):
                await signals.publish(topic, b"by signals", qos=1)
            await signals.publish(of_lamps[0], b"end", qos=1)
            await lamps.until_on(of_lamps[0], 1)
            assert {each.topic for each in lamps.heard} == {of_lamps[0]}
        async with (
            listening(users.settings("signals")) as heard,
            connect(users.settings("devices"), "devices") as devices,
            connect(users.settings("front"), "front") as front,
        ):
            for topic in (*of_agent, *replies, *of_lamps, f"kikimori/v2/{SITE}/buttons/front/202"):
                await devices.publish(topic, b"by devices", qos=1)
            await devices.publish(pressed, b"end", qos=1)
            await heard.until_on(pressed, 1)
            assert {each.topic for each in heard.heard} == {pressed}
            await front.publish(of_agent[2], b"by front", qos=1)
        await board.until_on(of_agent[2], 1)
        # Lamps may be seen by everybody at Mosquitto.
        assert {each.topic for each in board.heard} - {of_lamps[0]} == {of_agent[2]}
        assert board.on(of_agent[2]) == [b"by front"]


async def test_one_office_in_one_process_has_both_users(tmp_path: Path) -> None:
    """`kikimori up`: the devices' password is configured, ours is made at each start."""
    secret = tmp_path / "devices-password"
    secret.write_text("in a file\n", encoding="utf-8")
    signals = SIGNALS.model_copy(update={"devices_password_file": secret})
    async with (
        store_of_people() as store,
        open_office(
            demo_config(tmp_path, speech=False),
            DashboardSettings(site="demo", port=0, signals=signals),
            broker_port=0,
            store=store,
        ) as office,
        listening(
            BrokerSettings(port=office.broker.port).with_login("devices", "in a file"), client_id="z2m"
        ) as lamps,
    ):
        await lamps.until(
            lambda: (
                b"online" in [each.payload for each in lamps.heard if each.topic.endswith("/availability")]
            )
        )
