"""Asterisk by ARI as a way in: holds the connection, and copies the voices that the calls need."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from kikimori.errors import KikimoriError, secret_next_step
from kikimori.integrations.asterisk.ari import AriAwayError, AriClient, AriError
from kikimori.integrations.asterisk.tap.asking import ask_for, deleted, exists, listed
from kikimori.integrations.asterisk.tap.calls import AsteriskCallTracker
from kikimori.integrations.asterisk.tap.trouble import (
    APP_IN_USE,
    NO_AUDIO,
    missing_modules,
    trouble_of,
    version_of,
)
from kikimori.integrations.asterisk.tap.voice import CopiedVoice, CopyContext
from kikimori.integrations.asterisk.version import apps_outlive_connections
from kikimori.taps.changes import DigitPressed, HoldChanged
from kikimori_core.messages import text
from kikimori_core.model.call import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.integrations.asterisk.ari import Json
    from kikimori.integrations.asterisk.settings import AsteriskTable
    from kikimori.taps.announced.directory import LegDirectory
    from kikimori.taps.sides import SidesTable
    from kikimori.taps.tap import Address
    from kikimori_core.model.feed import CallDesk
    from kikimori_core.wire.messages import Problem

log = structlog.get_logger()

GRACE_S = 0.5
"""Seconds that an operator without a connection stays copied: in a transfer parties separate and meet
again."""
RETRIES_S = (0.5, 1.0, 2.0, 5.0, 10.0)
IN_USE_RETRY_S = 10.0
PUSHED_OUT_RETRY_S = 300.0
CLOSE_WITHIN_S = 2.5

EVENTS = (
    "ApplicationReplaced",
    "BridgeCreated",
    "BridgeDestroyed",
    "BridgeMerged",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelCreated",
    "ChannelDestroyed",
    "ChannelDialplan",
    "ChannelDtmfReceived",
    "ChannelEnteredBridge",
    "ChannelHold",
    "ChannelLeftBridge",
    "ChannelStateChange",
    "ChannelUnhold",
    "Dial",
    "StasisStart",
)
"""Events that are asked for; the rest (every variable that is set, every device) would only cost both
sides."""


class _ReplacedError(Exception):
    """Another program connected under our name."""


class AsteriskTap:
    """A `kikimori.taps.tap.Tap`. `audio` returns the address of our AudioSocket server, once it listens."""

    def __init__(
        self,
        desk: CallDesk,
        directory: LegDirectory,
        sides: SidesTable,
        settings: AsteriskTable,
        audio: Callable[[], Address],
    ) -> None:
        self._desk = desk
        self._directory = directory
        self._settings = settings
        self._audio = audio
        self._prefix = f"{settings.app}-tap-"
        self._tracker = AsteriskCallTracker(sides, self._prefix)
        self._voices: dict[str, dict[str, CopiedVoice]] = {}
        """Copies by the customer's channel and the party's."""
        self._owners: set[CopiedVoice] = set()
        """All copies that run, also those being taken down."""
        self._tasks: asyncio.TaskGroup | None = None
        self._context: CopyContext | None = None
        self._closing = asyncio.Event()
        self._was_connected = False
        self._name_may_be_old = False
        self._trouble: Problem | None = None
        self._missing: Problem | None = None
        self._reconnects = 0
        self._leftovers = 0

    @property
    def name(self) -> str:
        return "asterisk"

    @property
    def addresses(self) -> dict[str, Address]:
        return {}

    async def listen(self) -> None:
        settings = self._settings
        host, port = self._audio()
        host, port = settings.audio_host or host, settings.audio_port or port
        if host in ("0.0.0.0", "::"):  # noqa: S104  (refused, not bound)
            raise KikimoriError.of("asterisk_audio_host_missing", host=host)
        try:
            client = AriClient(settings)
        except OSError as error:
            raise KikimoriError(
                text(
                    "asterisk_file_unreadable",
                    file=error.filename or "ca_file",
                    reason=error.strerror or error,
                ),
                next_step=secret_next_step(error, "[asterisk] ari_password_file, ca_file"),
            ) from error
        self._context = CopyContext(
            client, self._directory, settings.app, self._prefix, (host, port), settings.rate
        )

    async def run(self) -> None:
        if self._context is None:
            raise RuntimeError("not listening")
        attempt = 0
        async with asyncio.TaskGroup() as self._tasks:
            while not self._closing.is_set():
                try:
                    await self._session(self._context)
                except _ReplacedError:
                    if self._trouble is not APP_IN_USE:
                        log.warning("asterisk_app_in_use")
                    self._trouble = APP_IN_USE
                    # Where nobody can see whether the other is still there, two must not push each other out by turns.
                    retry_s = PUSHED_OUT_RETRY_S if self._name_may_be_old else IN_USE_RETRY_S
                    self._was_connected = False
                    # Whoever has the name now takes our copies for leftovers.
                    self._stop_all()
                except (AriError, AriAwayError) as error:
                    if self._closing.is_set():
                        return
                    if self._trouble is None:
                        log.warning("asterisk_away", reason=error.message)
                        attempt = 0
                    self._trouble = trouble_of(error, self._settings)
                    retry_s = RETRIES_S[min(attempt, len(RETRIES_S) - 1)]
                    attempt += 1
                await asyncio.sleep(retry_s)

    async def close(self) -> None:
        self._closing.set()
        self._stop_all()
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                while self._owners:  # noqa: ASYNC110  (each says that it is over by leaving)
                    await asyncio.sleep(0.01)
        except TimeoutError:
            log.warning("asterisk_left_behind", voices=len(self._owners))
        if self._context is not None:
            await self._context.client.close()

    def problems(self) -> tuple[Problem, ...]:
        no_audio = NO_AUDIO if self._context is not None and self._context.unclaimed else None
        return tuple(each for each in (self._trouble, self._missing, no_audio) if each is not None)

    def counters(self) -> dict[str, int]:
        context = self._context
        return {
            "asterisk_calls": self._tracker.begun,
            "asterisk_voices": sum(each.is_open for each in self._owners),
            "asterisk_voices_copied": context.opened if context else 0,
            "asterisk_voices_failed": context.failed if context else 0,
            "asterisk_reconnects": self._reconnects,
            "asterisk_leftovers_removed": self._leftovers,
            **{f"asterisk_not_heard_{why}": count for why, count in self._tracker.not_heard.items()},
        }

    # --- one connection

    async def _session(self, context: CopyContext) -> None:
        """Stay connected; raise when the connection ends."""
        # After a loss of ours the name may still be held by our own dead connection; before the first it is another's.
        if not self._was_connected and await exists(context.client, f"/applications/{context.app}"):
            # In old releases it may as well be what an earlier run of ours left; whoever has it is told and steps back.
            self._name_may_be_old = apps_outlive_connections(await version_of(context.client))
            if not self._name_may_be_old:
                raise _ReplacedError
        async with context.client.events(context.app) as events:
            early: list[Json] = []
            caught_up = False

            async def read() -> None:
                async for event in events:
                    if caught_up:
                        self._on_event(event)
                    else:
                        early.append(event)

            # Events of the time before the lists are kept, and told after them: Asterisk must not wait for us, and
            # whatever changed while the lists were asked for is told once more in order.
            reading = asyncio.ensure_future(read())
            try:
                await self._catch_up(context)
                for event in early:
                    self._on_event(event)
                caught_up = True
                if self._was_connected:
                    self._reconnects += 1
                self._was_connected = True
                self._trouble = None
                log.info("asterisk_connected", calls=len(self._tracker.customers))
                await reading
            finally:
                reading.cancel()
                self._tracker.rings.hush(self._desk)
                await asyncio.gather(reading, return_exceptions=True)

    async def _catch_up(self, context: CopyContext) -> None:
        """Read the present state: running calls, and remains of an earlier connection of ours."""
        client = context.client
        await ask_for(client, context.app, EVENTS)
        self._missing = await missing_modules(client)
        copied = [each for each in self._owners if each.is_open]
        channels = await listed(client, "/channels")
        bridges = await listed(client, "/bridges")
        theirs = {each["id"] for each in (*channels, *bridges) if self._tracker.world.is_own(each["id"])}
        for copy in copied:
            if not theirs.issuperset(copy.own_ids):
                copy.lost()
        changed = self._tracker.load(channels, bridges)
        for customer in changed | self._tracker.customers | self._voices.keys():
            self._reconcile(customer)
        self._tracker.rings.tell(self._desk)
        left = [
            each
            for each in (*channels, *bridges)
            if each["id"] in theirs and context.owner(each["id"]) is None
        ]
        for each in left:
            kind = "channels" if "dialplan" in each else "bridges"
            self._leftovers += await deleted(client, f"/{kind}/{each['id']}")
        if left:
            log.warning("asterisk_leftovers_removed", objects=len(left))

    def _on_event(self, event: Json) -> None:
        kind = event.get("type")
        if kind == "ApplicationReplaced" and event.get("application") == self._settings.app:
            raise _ReplacedError
        channel = event.get("channel")
        channel_id = channel.get("id") if isinstance(channel, dict) else None
        if isinstance(channel_id, str) and self._tracker.world.is_own(channel_id):
            self._on_own(kind, channel_id)
            return
        for customer in self._tracker.apply(event):
            self._reconcile(customer)
        for news in self._tracker.take_news():
            match news:
                case HoldChanged(call_id, on_hold):
                    self._desk.held(call_id, on_hold=on_hold)
                case DigitPressed(call_id, role, digit):
                    self._desk.key(call_id, role, digit)
        self._tracker.rings.tell(self._desk)

    def _on_own(self, kind: object, channel_id: str) -> None:
        owner = self._required_context().owner(channel_id)
        if owner is None:
            return
        if kind == "StasisStart":
            owner.started(channel_id)
        elif kind == "ChannelDestroyed":
            owner.lost()

    # --- what is copied

    def _reconcile(self, customer: str) -> None:
        """Start and stop copies so that this customer's wanted voices are copied, and no others."""
        if self._closing.is_set():
            return
        wanted = {voice.channel: voice for voice in self._tracker.voices(customer)}
        running = self._voices.setdefault(customer, {})
        alone = bool(wanted) and all(voice.role is Role.CUSTOMER for voice in wanted.values())
        for channel in list(running.keys() - wanted.keys()):
            if alone and channel in self._tracker.world.channels:
                asyncio.get_running_loop().call_later(GRACE_S, self._part, customer, channel)
            else:
                running.pop(channel).stop()
        for channel in wanted.keys() - running.keys():
            running[channel] = self._copy(
                customer, channel, CopiedVoice(self._required_context(), wanted[channel])
            )
        if not running:
            del self._voices[customer]

    def _stop_all(self) -> None:
        self._voices.clear()
        for each in list(self._owners):
            each.stop()

    def _part(self, customer: str, channel: str) -> None:
        """Stop the copy of an operator who did not come back to the customer."""
        running = self._voices.get(customer, {})
        if channel in running and all(v.channel != channel for v in self._tracker.voices(customer)):
            running.pop(channel).stop()

    def _copy(self, customer: str, channel: str, copied: CopiedVoice) -> CopiedVoice:
        tasks = self._tasks
        if tasks is None:
            raise RuntimeError("not running")

        async def keep() -> None:
            try:
                await copied.run()
            except Exception as error:  # noqa: BLE001  (one call's fault ends only its own copy)
                log.error("voice_copy_broke", error=type(error).__name__)
            finally:
                self._owners.discard(copied)
                if self._voices.get(customer, {}).get(channel) is copied:
                    del self._voices[customer][channel]

        self._owners.add(copied)
        tasks.create_task(keep(), name="asterisk-voice")
        return copied

    def _required_context(self) -> CopyContext:
        if self._context is None:
            raise RuntimeError("not listening")
        return self._context
