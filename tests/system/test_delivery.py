"""From the agent's disk to a supervisor's eyes: what is lost on the way is sent again, what is not seen is said."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.bus.conftest import refuse_commands
from tests.support import sample
from tests.support.browser import chromium, dashboard, dashboard_settings
from tests.support.listener import retained
from tests.support.live_client import connected, live_client
from tests.support.peer_agent import PeerAgent
from tests.support.sign_in import sign_in_page
from tests.support.signing import identity
from tests.system.conftest import until

from kikimori.bus import Bus, Outbox, alert_board
from kikimori_core.wire.messages import AlertState, ClosedBecause
from kikimori_lab.bench.mosquitto import ShippedMosquitto

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto

    from kikimori_dashboard import DashboardSettings

BOARD = "dashboard"


@asynccontextmanager
async def shipped(folder: Path) -> AsyncIterator[ShippedMosquitto]:
    broker = ShippedMosquitto(folder / "mosquitto", sample.SITE, agents=[sample.AGENT], dashboards=[BOARD])
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


@asynccontextmanager
async def agent(folder: Path, broker: ShippedMosquitto, run: str = "run-1") -> AsyncIterator[Bus]:
    """The bus of an agent, with its outbox; made-up calls."""
    outbox = await Outbox.open(folder / "state" / "outbox.sqlite3")
    settings = broker.settings(sample.AGENT)
    bus = Bus(
        settings,
        sample.SITE,
        sample.AGENT,
        outbox,
        on_command=refuse_commands,
        run=run,
        identity=identity(),
    )
    bus.set_health(sample.health(at=datetime.now(UTC), run=run))
    task = asyncio.create_task(bus.run())
    try:
        await until(lambda: bus.connected)
        yield bus
    finally:
        await bus.aclose()
        with suppress(asyncio.CancelledError):
            await task
        await outbox.aclose()


def settings(broker: ShippedMosquitto) -> DashboardSettings:
    return dashboard_settings(broker.settings(BOARD), site=sample.SITE)


async def put(bus: Bus, alert_id: str, *, closed: bool = False) -> None:
    """Raise an alert of a call, or close it."""
    changes: dict[str, Any] = {"updated_at": datetime.now(UTC), "raised_at": datetime.now(UTC)}
    if closed:
        changes |= {"state": AlertState.CLOSED, "revision": 2, "closed_because": ClosedBecause.CALMED}
    await bus.raise_alert(sample.alert(alert_id, call_id=alert_id.partition(".")[0], **changes))


def call(bus: Bus, call_id: str, *, ended: bool = False) -> None:
    bus.publish_call(sample.ended(call_id) if ended else sample.call(call_id, started_at=datetime.now(UTC)))


def told(bus: Bus) -> bool:
    """Return whether the broker has confirmed everything."""
    return bus.counters()["outbox_pending"] == 0 and bus._calls.untold == 0


def over(picture: dict[str, Any]) -> set[str]:
    return {each["alert_id"] for each in (*picture["closed"], *picture["missed"]["alerts"])}


async def test_a_confirmation_by_the_broker_is_no_delivery(tmp_path: Path) -> None:
    """Confirmed, and lost with a broker that is killed before it saved: the next dashboard gets all of it, once."""
    async with shipped(tmp_path) as broker, agent(tmp_path, broker) as bus:
        for number in range(20):
            await put(bus, f"c{number}.over.1")
            await put(bus, f"c{number}.over.1", closed=True)
        await put(bus, "c0.open.1")
        await until(lambda: told(bus))
        assert bus.counters()["alerts_unacknowledged"] == 21
        await broker.kill()
        await until(lambda: not bus.connected)
        await broker.start()
        async with dashboard(settings(broker)) as url, live_client(url) as watching:
            picture = await watching.until(
                lambda each: connected(each) and len(over(each)) == 20 and each["alerts"]
            )
            assert list(picture["alerts"]) == ["c0.open.1"]
            await until(lambda: bus.counters()["alerts_unacknowledged"] == 0)
        # A dashboard that starts now is told of what was closed lately, and of nothing twice.
        async with dashboard(settings(broker)) as url, live_client(url) as watching:
            picture = await watching.until(
                lambda each: connected(each) and len(over(each)) == 20 and each["alerts"]
            )
            shown = [each["alert_id"] for each in (*picture["closed"], *picture["missed"]["alerts"])]
            assert len(shown) == len(set(shown)) == 20


async def test_a_broker_with_an_old_save_brings_nothing_back(tmp_path: Path) -> None:
    """Calls and alerts that ended after the save are retained again; the agent, never gone, clears them."""
    async with (
        shipped(tmp_path) as broker,
        agent(tmp_path, broker) as bus,
        dashboard(settings(broker)) as url,
        live_client(url) as watching,
    ):
        for number in range(10):
            call(bus, f"c{number}")
            await put(bus, f"c{number}.shouting.1")
        await watching.until(lambda each: connected(each) and len(each["calls"]) == len(each["alerts"]) == 10)
        await broker.save()
        for number in range(1, 10):
            await put(bus, f"c{number}.shouting.1", closed=True)
            call(bus, f"c{number}", ended=True)
        await watching.until(lambda each: len(each["calls"]) == len(each["alerts"]) == 1)
        await until(lambda: told(bus))
        await broker.kill()
        await until(lambda: not bus.connected)
        await broker.start()
        await until(lambda: bus.connected and bus.counters()["retained_swept"] >= 18)
        await watching.until(lambda each: connected(each) and len(each["calls"]) == len(each["alerts"]) == 1)
        left = await retained(
            broker.settings(BOARD),
            "kikimori/v2/#",
            marker=f"kikimori/v2/{sample.SITE}/dashboards/{BOARD}/marker",
        )
        assert {topic for topic in left if "/calls/" in topic or "/alerts/" in topic} == {
            sample.TOPICS.call_state("c0"),
            sample.TOPICS.alert("c0.shouting.1"),
        }


async def test_the_old_save_of_a_broker_is_unconfirmed_until_the_agent_is_back(tmp_path: Path) -> None:
    """The agent died with the broker: the save says that it is online, and no last will that it is not."""
    async with shipped(tmp_path) as broker:
        async with agent(tmp_path, broker) as bus:
            call(bus, "c")
            await put(bus, "c.shouting.1")
            async with dashboard(settings(broker)) as url, live_client(url) as watching:
                await watching.until(
                    lambda each: (
                        connected(each) and each["alerts"] and not each["agents"][sample.AGENT]["unconfirmed"]
                    )
                )
                assert watching.picture["calls"]["c"]["unconfirmed"] is False
            await until(lambda: told(bus))
            await broker.save()
            await put(bus, "c.shouting.1", closed=True)
            call(bus, "c", ended=True)
            await until(lambda: told(bus))
            await broker.kill()
            await until(lambda: not bus.connected)
        await broker.start()
        async with dashboard(settings(broker)) as url, live_client(url) as watching:
            picture = await watching.until(lambda each: connected(each) and each["calls"])
            assert picture["agents"][sample.AGENT]["online"] is True
            assert picture["agents"][sample.AGENT]["unconfirmed"] is True
            assert picture["calls"]["c"]["unconfirmed"] is True
            async with agent(tmp_path, broker, run="run-2") as bus:
                call(bus, "next")
                picture = await watching.until(lambda each: list(each["calls"]) == ["next"])
                await watching.until(lambda each: not each["calls"]["next"]["unconfirmed"])
                await watching.until(lambda each: not each["alerts"])


async def test_a_dashboard_drops_what_an_online_agent_does_not_list(real: Mosquitto) -> None:
    """Also what a broker tells after the list, and never what is newer than the list."""
    async with (
        PeerAgent(real.settings).running() as peer,
        dashboard(dashboard_settings(real.settings)) as url,
        live_client(url) as watching,
    ):
        health = sample.health(run="run-2", inventory="none-yet")
        await peer.publish(peer.topics.health, health, retain=True)
        stamps: dict[str, Any] = {"run": "run-2", "seq": 3}
        await peer.call("listed", **stamps)
        await peer.call("ended", run="run-2", seq=2)
        await peer.call("of-the-run-before", run="run-1", seq=900)
        await peer.call("newer-than-the-list", run="run-2", seq=8)
        await peer.alert("listed")
        await watching.until(lambda each: connected(each) and len(each["calls"]) == 4 and each["alerts"])
        parts = [
            sample.inventory(
                run="run-2", seq=7, digest="second", part=1, parts=2, calls={"listed": 3}, alerts={}
            ),
            sample.inventory(run="run-2", seq=7, digest="second", part=2, parts=2, calls={}, alerts={}),
        ]
        await peer.publish(peer.topics.inventory(1), parts[0], retain=True)
        await peer.publish(peer.topics.health, health.model_copy(update={"inventory": "second"}), retain=True)
        await peer.call("marks-that-one-part-alone-says-nothing", run="run-2", seq=9)
        await watching.until(lambda each: len(each["calls"]) == 5)
        await peer.publish(peer.topics.inventory(2), parts[1], retain=True)
        picture = await watching.until(lambda each: len(each["calls"]) == 3)
        assert set(picture["calls"]) == {
            "listed",
            "newer-than-the-list",
            "marks-that-one-part-alone-says-nothing",
        }
        assert picture["alerts"] == {}
        # A retained message that comes after the list, as after a broker's restart.
        await peer.call("ended", run="run-2", seq=2)
        await peer.call("after", run="run-2", seq=10)
        picture = await watching.until(lambda each: "after" in each["calls"])
        assert "ended" not in picture["calls"]
        # Offline, the agent's list says nothing: its calls may go on.
        await peer.publish(peer.topics.health, health.model_copy(update={"online": False}), retain=True)
        await peer.call("ended", run="run-2", seq=2)
        await watching.until(lambda each: "ended" in each["calls"])


async def test_what_nobody_saw_is_missed_though_agent_and_dashboard_were_restarted(tmp_path: Path) -> None:
    """Long over, and held by a dashboard that no supervisor had open."""
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    async with shipped(tmp_path) as broker:
        async with agent(tmp_path, broker) as bus:
            for revision, state in ((1, AlertState.OPEN), (2, AlertState.CLOSED)):
                await bus.raise_alert(
                    sample.alert(
                        "c.shouting.1", call_id="c", state=state, revision=revision, updated_at=long_ago
                    )
                )
            async with dashboard(settings(broker)):
                await until(lambda: bus.counters()["alerts_unacknowledged"] == 0)
        async with (
            agent(tmp_path, broker, run="run-2"),
            dashboard(settings(broker)) as url,
            live_client(url) as watching,
        ):
            picture = await watching.until(lambda each: connected(each) and over(each))
            assert [each["alert_id"] for each in picture["missed"]["alerts"]] == ["c.shouting.1"]


async def test_what_no_page_shows_is_said_with_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_board, "UNSEEN_AFTER_S", 0.5)

    def cause(bus: Bus) -> str | None:
        return next((each.cause for each in bus.problems() if each.code == "alert_unseen"), None)

    async with shipped(tmp_path) as broker, agent(tmp_path, broker) as bus:
        call(bus, "c1")
        await put(bus, "c1.shouting.1")
        await until(lambda: cause(bus) == "no_dashboard")
        async with dashboard(settings(broker)) as url:
            await until(lambda: cause(bus) == "no_page")
            async with live_client(url) as watching:
                # A supervisor's page that draws nothing.
                await until(lambda: cause(bus) == "page_behind")

                def said(picture: dict[str, Any]) -> bool:
                    problems = picture["agents"][sample.AGENT]["problems"]
                    return any(
                        (each["code"], each["cause"]) == ("alert_unseen", "page_behind") for each in problems
                    )

                await watching.until(lambda each: connected(each) and said(each))
            async with chromium() as browser:
                page = await browser.new_page()
                await sign_in_page(page)
                await page.goto(f"{url}/")
                await page.locator("[data-call=c1]").wait_for()
                await until(lambda: cause(bus) is None)
                await until(lambda: bus.counters()["alerts_unacknowledged"] == 0)
                await put(bus, "c1.silence.1")
                await until(lambda: all(each.drawn for each in bus._board._kept.values()))
                await page.close()
            # Seen is seen, though the page is gone; the next one is not.
            await put(bus, "c1.words.1")
            await until(lambda: cause(bus) == "no_page")
