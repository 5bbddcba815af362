"""Connection of lamps and buttons: publishes what changed at once, and takes presses on topics that only devices may write."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from kikimori_core.messages import text
from kikimori_core.wire.connection import BrokerError, Will, connect, only_broker_error, stay_connected
from kikimori_core.wire.messages import Problem
from kikimori_dashboard.signals.button import is_press, probe
from kikimori_dashboard.signals.lamps import (
    OFFLINE,
    ONLINE,
    LampState,
    discovery,
    discovery_filters,
    is_own_description,
    lamp_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.connection import Arrived, Client
    from kikimori_core.wire.settings import BrokerSettings
    from kikimori_dashboard.signals.settings import SignalSettings
    from kikimori_dashboard.site.state import SiteState

log = structlog.get_logger()

CLIENT_ID = "kikimori-signals"
NOT_OFTENER_S = 0.05
"""Shortest interval in s between looks at what lamps show: levels come many times a second."""
PROBE_EVERY_S = 600.0
AVAILABILITY_WITHIN_S = 3.0
SETTLED_S = 2.0
"""Seconds within which a second press of a button counts as the same one."""


class SignalRelay:
    """Lamps and buttons of one site. `run` keeps the connection, `changed` is called after every message of an agent."""

    def __init__(
        self,
        settings: SignalSettings,
        broker: BrokerSettings,
        site: str,
        state: SiteState,
        pressed: Callable[[str], None],
        problems_changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`broker`: of `[mqtt]`; `pressed` is called with the extension of a button."""
        self._settings = settings
        self._broker = settings.mqtt or broker
        self._site = site
        self._state = state
        self._pressed = pressed
        self._problems_changed = problems_changed
        self._base = settings.base(site)
        self._probes = f"{self._base}/probe"
        self._buttons = settings.extensions(site)
        self._armed = False
        """True once it is known who may write on the buttons' topics."""
        self._open_to_all: set[str] = set()
        """Topics of buttons on which we may write ourselves, and so anybody perhaps."""
        self._nonce = ""
        self._last: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._fault = ""

    def changed(self) -> None:
        self._changed.set()

    def problems(self) -> list[Problem]:
        """Return what keeps lamps or buttons from working."""
        found = []
        if self._fault:
            found.append(Problem.of("signals_broker_away", fault=self._fault))
        if self._open_to_all:
            named = ", ".join(sorted(self._open_to_all)[:3])
            found.append(Problem.of("signals_topic_open", topics=named, user=self._settings.devices))
        return found

    async def run(self) -> None:
        """Stay connected until cancelled."""
        await stay_connected(self._session, self._lost)

    def _lost(self, error: Exception, retry_in_s: float) -> None:
        fault = str(error) or type(error).__name__
        if fault != self._fault:
            log.warning("signals_broker_away", error=type(error).__name__, retry_in_s=retry_in_s)
        self._set_fault(fault)

    def _set_fault(self, fault: str) -> None:
        if fault != self._fault:
            self._fault = fault
            self._problems_changed()

    async def _session(self) -> None:
        will = Will(f"{self._base}/availability", OFFLINE, qos=1, retain=True)
        async with connect(self._broker, CLIENT_ID, will=will) as client:
            self._armed = False
            self._open_to_all.clear()
            self._set_fault("")
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._read(client))
                    tasks.create_task(self._show(client))
                    if self._buttons:
                        tasks.create_task(self._probe(client))
            except BaseExceptionGroup as group:
                raise only_broker_error(group) from None
            finally:
                # An orderly end publishes no last will.
                with suppress(BrokerError):
                    await self._tell_availability(client, OFFLINE)

    # --- lamps

    async def _show(self, client: Client) -> None:
        """Publish every lamp once the site is known, then what changes; while it is not known nothing is available."""
        await self._clear_leftovers(client)
        for place in self._settings.places if self._settings.discovery else ():
            described = discovery(self._settings.discovery, self._site, self._base, place)
            for topic, payload in described.items():
                await client.publish(topic, payload, qos=1, retain=True)
        shown: dict[str, LampState] = {}
        available = False
        while True:
            self._changed.clear()
            if self._state.broker.has_all:
                await self._publish_changed(client, shown)
                if not available:
                    available = await self._tell_availability(client, ONLINE)
            elif available:
                available = not await self._tell_availability(client, OFFLINE)
            await asyncio.sleep(NOT_OFTENER_S)
            await self._changed.wait()

    async def _tell_availability(self, client: Client, word: str) -> bool:
        await client.publish(
            f"{self._base}/availability", word, qos=1, retain=True, timeout=AVAILABILITY_WITHIN_S
        )
        return True

    async def _publish_changed(self, client: Client, shown: dict[str, LampState]) -> None:
        alerts = list(self._state.alerts.values())
        news: dict[str, bytes] = {}
        for place in self._settings.places:
            lamp = lamp_of(place, alerts, self._state.calls)
            if lamp == shown.get(place.name):
                continue
            before = {} if place.name not in shown else shown[place.name].payloads()
            shown[place.name] = lamp
            news |= {
                f"{self._base}/{place.name}/{level}": payload
                for level, payload in lamp.payloads().items()
                if before.get(level) != payload
            }
        # At once: a lamp must not wait for the confirmations of others.
        await asyncio.gather(
            *(client.publish(topic, payload, qos=1, retain=True) for topic, payload in news.items())
        )

    async def _clear_leftovers(self, client: Client) -> None:
        """Ask for what an earlier run left; `_read` clears what is configured no more."""
        filters = [f"{self._base}/+/+"]
        if self._settings.discovery:
            filters += discovery_filters(self._settings.discovery)
        await client.subscribe([(each, 1) for each in filters])

    def _is_leftover(self, topic: str) -> bool:
        if topic.startswith(f"{self._base}/"):
            return topic[len(self._base) + 1 :].split("/", maxsplit=1)[0] not in {
                each.name for each in self._settings.places
            }
        if not self._settings.discovery or not is_own_description(topic, self._site):
            return False
        known = (
            discovery(self._settings.discovery, self._site, self._base, each)
            for each in self._settings.places
        )
        return not any(topic in each for each in known)

    # --- reading

    async def _read(self, client: Client) -> None:
        async for message in client.messages:
            topic, payload = message.topic.value, message.payload
            if not isinstance(payload, bytes) or not payload:
                continue
            if topic in self._buttons:
                self._take(message, topic, payload)
            elif topic == self._probes:
                self._armed = self._armed or payload == probe(self._nonce)
            elif message.retain and self._is_leftover(topic):
                await client.publish(topic, b"", qos=1, retain=True)

    # --- buttons

    async def _probe(self, client: Client) -> None:
        """Try now and then to write on the buttons' topics: what comes back could have been anybody's.

        Behind these goes one on a topic of our own, so that it is known when they would have come.
        """
        await client.subscribe([(each, 1) for each in (self._probes, *self._buttons)])
        while True:
            self._nonce = secrets.token_urlsafe(12)
            for topic in (*self._buttons, self._probes):
                await client.publish(topic, probe(self._nonce), qos=1)
            await asyncio.sleep(PROBE_EVERY_S)

    def _take(self, message: Arrived, topic: str, payload: bytes) -> None:
        if payload == probe(self._nonce):
            if topic not in self._open_to_all:
                log.error("signals_topic_open", topic=topic, remedy=text("signals_topic_open_log"))
                self._open_to_all.add(topic)
                self._problems_changed()
            return
        # What is retained was pressed some time ago.
        if message.retain or not is_press(payload, self._settings.presses):
            return
        if not self._armed or topic in self._open_to_all:
            log.warning("button_not_counted", topic=topic)
            return
        now = asyncio.get_running_loop().time()
        if now - self._last.get(topic, -SETTLED_S) < SETTLED_S:
            return
        self._last[topic] = now
        self._pressed(self._buttons[topic])
