"""One party's voice, copied out of a call.

A snoop on the channel, an external channel to our AudioSocket server, and a bridge for the two. The call itself knows
nothing of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from kikimori.integrations.asterisk.ari import AriAwayError, AriError
from kikimori.taps.announced.directory import AnnouncedLeg, DirectoryFullError, LegDirectory

if TYPE_CHECKING:
    from uuid import UUID

    from kikimori.integrations.asterisk.ari import AriClient
    from kikimori.integrations.asterisk.tap.calls import WantedVoice
    from kikimori.taps.tap import Address

log = structlog.get_logger()

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 30.0
GOOD_AFTER_S = 10.0
"""Seconds after which a copy counts as good; the next retry is quick again."""
STARTED_WITHIN_S = 5.0

_FORMATS = {8000: "slin", 16000: "slin16"}


class _GoneError(Exception):
    """The party hung up a moment ago."""


@dataclass(slots=True)
class CopyContext:
    """Parts that every copy needs, and counters that all copies share."""

    client: AriClient
    directory: LegDirectory
    app: str
    prefix: str
    """Prefix of the ids of all our channels and bridges."""
    audio: Address
    """Address at which Asterisk reaches our AudioSocket server."""
    rate: int
    by_uuid: dict[str, CopiedVoice] = field(default_factory=dict)
    """Present copies, by the UUID under which their audio comes, which is also in the ids of their parts."""
    opened: int = 0
    failed: int = 0
    unclaimed: bool = False
    """True = the last copy never reached our AudioSocket server."""

    def owner(self, own_id: str) -> CopiedVoice | None:
        """Return the copy that this channel or bridge is part of."""
        return self.by_uuid.get(own_id[len(self.prefix) :][:36])


class CopiedVoice:
    """Copy of one voice, kept up until `stop` and renewed when it fails."""

    def __init__(self, context: CopyContext, voice: WantedVoice) -> None:
        self.voice = voice
        self._context = context
        self._changed = asyncio.Event()
        self._unwanted = False
        self._lost = False
        self._open = False
        self._uuid: UUID | None = None
        self._waiting: set[str] = set()
        self._log = log.bind(call_id=voice.call.call_id, role=str(voice.role))

    @property
    def own_ids(self) -> tuple[str, ...]:
        """Ids of the snoop, the external channel and the bridge; none while there are none."""
        if self._uuid is None:
            return ()
        base = f"{self._context.prefix}{self._uuid}"
        return f"{base}-snoop", f"{base}-audio", f"{base}-bridge"

    @property
    def is_open(self) -> bool:
        return self._open

    def stop(self) -> None:
        """End the copy: `run` takes it down and returns."""
        self._unwanted = True
        self._changed.set()

    def started(self, channel_id: str) -> None:
        """Note that one of our channels is in the application (`StasisStart`)."""
        self._waiting.discard(channel_id)
        if not self._waiting:
            self._changed.set()

    def lost(self) -> None:
        """Note that one of our channels has ended."""
        self._lost = True
        self._changed.set()

    async def run(self) -> None:
        """Copy until stopped, or until the channel has ended."""
        loop = asyncio.get_running_loop()
        retry_s = FIRST_RETRY_S
        while not self._unwanted:
            began = loop.time()
            try:
                await self._copy()
            except _GoneError:
                return
            except AriError as error:
                self._failed("refused", status=error.status, detail=error.reason)
            except AriAwayError:
                self._failed("away")
            except TimeoutError:
                self._failed("never_started")
            except DirectoryFullError:
                self._failed("directory_full")
            finally:
                await self._take_down()
            if loop.time() - began > GOOD_AFTER_S:
                retry_s = FIRST_RETRY_S
            await self._pause(retry_s)
            retry_s = min(retry_s * 2, LAST_RETRY_S)

    async def _copy(self) -> None:
        context = self._context
        self._lost = False
        self._uuid = context.directory.announce(
            AnnouncedLeg(self.voice.call, self.voice.role, context.rate, needs_silence=True)
        )
        context.by_uuid[str(self._uuid)] = self
        snoop, audio, bridge = self.own_ids
        self._waiting = {snoop, audio}
        host, port = context.audio
        try:
            await context.client.post(
                f"/channels/{self.voice.channel}/snoop/{snoop}", spy="in", app=context.app
            )
        except AriError as error:
            if error.status == 404:
                raise _GoneError from None
            raise
        try:
            await context.client.post(
                "/channels/externalMedia",
                channelId=audio,
                app=context.app,
                external_host=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
                encapsulation="audiosocket",
                transport="tcp",
                format=_FORMATS[context.rate],
                data=str(self._uuid),
            )
        except AriError as error:
            # 500 is all that Asterisk says when it cannot connect to us.
            context.unclaimed = error.status >= 500
            raise
        await context.client.post(f"/bridges/{bridge}", type="mixing", name=bridge)
        async with asyncio.timeout(STARTED_WITHIN_S):
            while self._waiting and not self._over:
                await self._next_change()
        if self._over:
            return
        await context.client.post(f"/bridges/{bridge}/addChannel", channel=f"{snoop},{audio}")
        self._open = True
        context.opened += 1
        self._log.info("voice_copied")
        while not self._over:
            await self._next_change()

    @property
    def _over(self) -> bool:
        return self._unwanted or self._lost

    async def _next_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not self._unwanted:
                    await self._next_change()
        except TimeoutError:
            pass

    async def _take_down(self) -> None:
        """Remove all parts of the copy; parts already removed by Asterisk are no fault."""
        if self._uuid is None:
            return
        snoop, audio, bridge = self.own_ids
        await asyncio.gather(
            self._delete(f"/channels/{audio}"),
            self._delete(f"/channels/{snoop}"),
            self._delete(f"/bridges/{bridge}"),
        )
        del self._context.by_uuid[str(self._uuid)]
        never_came = self._context.directory.claim(self._uuid) is not None
        if self._open:
            self._context.unclaimed = never_came
        self._open = False
        self._uuid = None

    async def _delete(self, path: str) -> None:
        try:
            await self._context.client.delete(path)
        except AriError as error:
            if error.status != 404:
                self._log.warning("voice_not_taken_down", status=error.status)
        except AriAwayError:
            # The next connection sweeps up what has no owner.
            self._log.warning("voice_not_taken_down", status=0)

    def _failed(self, reason: str, **more: object) -> None:
        self._context.failed += 1
        self._log.warning("voice_not_copied", reason=reason, **more)
