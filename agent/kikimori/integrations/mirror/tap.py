"""The mirror port as a way in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from kikimori.integrations.mirror.call_capture import CallCapture
from kikimori.integrations.mirror.link import ETHERNET
from kikimori.integrations.mirror.live import LiveError, LiveInterface, is_up
from kikimori.integrations.mirror.packets import UNREAD
from kikimori_core.model.call import EndReason
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from kikimori.integrations.mirror.settings import MirrorTable
    from kikimori.taps.sides import SidesTable
    from kikimori.taps.tap import Address
    from kikimori_core.model.feed import CallDesk

log = structlog.get_logger()

ADVANCE_EVERY_S = 0.04
CHECK_EVERY_S = 5.0

SILENT_S = 60.0
"""Seconds without a packet after which a port is probably no mirror port."""

DROPS_SHOWN_S = 300.0


class MirrorTap:
    """A `kikimori.taps.tap.Tap`."""

    def __init__(self, desk: CallDesk, table: MirrorTable, sides: SidesTable) -> None:
        self.capture = CallCapture(desk, table, sides)
        self._table = table
        self._live: LiveInterface | None = None
        self._now = 0.0
        self._failed = 0
        self._down = False
        self._drops = 0
        self._filtered: frozenset[int] = frozenset()
        self._dropped_at: float | None = None
        self._seen = 0
        self._seen_at: float | None = None

    @property
    def name(self) -> str:
        return "mirror"

    @property
    def addresses(self) -> dict[str, Address]:
        return {}

    async def listen(self) -> None:
        """Open the interface, which may still be down; raises `LiveError`."""
        self._seen_at = self.capture.now = asyncio.get_running_loop().time()
        self._open()
        self._down = not is_up(self._table.interface)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        check_at = loop.time() + CHECK_EVERY_S
        while True:
            await asyncio.sleep(ADVANCE_EVERY_S)
            now = loop.time()
            self._read()
            self.capture.advance(now)
            if now >= check_at:
                check_at = now + CHECK_EVERY_S
                self._check(now)

    async def close(self) -> None:
        self._shut()
        self.capture.close(EndReason.SHUTDOWN)

    def problems(self) -> tuple[Problem, ...]:
        found = []
        capture = self.capture
        if self._dropped_at is not None and capture.now - self._dropped_at < DROPS_SHOWN_S:
            found.append(Problem.of("mirror-drops"))
        if self._down:
            found.append(Problem.of("mirror-down", interface=self._table.interface))
        elif self._seen_at is not None and capture.now - self._seen_at > SILENT_S:
            found.append(Problem.of("mirror-silent", interface=self._table.interface))
        unreadable = capture.calls.unreadable_now()
        if "encrypted" in unreadable or (capture.tls and not capture.sip):
            found.append(Problem.of("mirror-encrypted"))
        if "unreadable_codec" in unreadable:
            found.append(Problem.of("mirror-codec", calls=", ".join(capture.calls.codecs_now()) or "one way"))
        strays = capture.strays()
        if strays:
            found.append(Problem.of("mirror-rtp-without-call", strays=strays))
        if capture.opened[UNREAD] and not capture.sip:
            found.append(Problem.of("mirror-tunnel"))
        if capture.calls.without_rtp(capture.now):
            found.append(Problem.of("mirror-no-audio"))
        return tuple(found)

    def counters(self) -> dict[str, int]:
        found = {f"mirror_{name}": value for name, value in self.capture.counters().items()}
        found["mirror_kernel_drops"] = self._drops
        found["mirror_packets_failed"] = self._failed
        return found

    def _read(self) -> None:
        if self._live is not None:
            self._now = asyncio.get_running_loop().time()
            self._live.read(self._take)

    def _take(self, frame: bytes) -> None:
        try:
            self.capture.frame(ETHERNET, frame, self._now)
        except Exception as error:
            if not self._failed:
                log.error("mirror_packet_failed", exc_info=error)
            self._failed += 1

    def _check(self, now: float) -> None:
        self._check_interface()
        self._follow_ports()
        dropped = 0 if self._live is None else self._live.count_drops()
        if dropped:
            self._drops += dropped
            if self._dropped_at is None:
                log.warning("mirror_kernel_drops", drops=self._drops)
            self._dropped_at = now
        if self.capture.frames != self._seen:
            self._seen, self._seen_at = self.capture.frames, now

    def _follow_ports(self) -> None:
        """Let TCP of ports on which SIP was found through the filter."""
        found = frozenset(self.capture.other_ports)
        if self._live is not None and not found <= self._filtered:
            self._filtered = found
            self._live.filter((*self._table.sip_ports, *self._table.tls_ports, *found))
            log.info("mirror_sip_on_other_ports", ports=sorted(found))

    def _check_interface(self) -> None:
        """Open a card again that was unplugged or brought down, once it is back."""
        interface = self._table.interface
        if not is_up(interface):
            if not self._down:
                log.warning("mirror_interface_down", interface=interface)
            self._down = True
        elif self._down or self._live is None or self._live.failed():
            self._shut()
            try:
                self._open()
            except LiveError as error:
                log.warning("mirror_interface_failed", interface=interface, reason=error.message)
                self._down = True
            else:
                self._down = False

    def _open(self) -> None:
        table = self._table
        self._filtered = frozenset(self.capture.other_ports)
        ports = (*table.sip_ports, *table.tls_ports, *self._filtered)
        self._live = LiveInterface(table.interface, ports, table.buffer_mb << 20)
        asyncio.get_running_loop().add_reader(self._live.fileno(), self._read)
        log.info("mirror_listening", interface=table.interface)

    def _shut(self) -> None:
        if self._live is not None:
            asyncio.get_running_loop().remove_reader(self._live.fileno())
            self._live.close()
            self._live = None
