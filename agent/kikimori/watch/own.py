"""The configured taps, run for watching alone: no speech model, no rules, no broker."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kikimori.errors import KikimoriError
from kikimori.ports.refusals import RejectingTap
from kikimori.taps.announced.directory import LegDirectory
from kikimori.watch.advice import advice
from kikimori.watch.meter import LegMeter
from kikimori.watch.picture import CallRow, Picture, TapRow
from kikimori.watch.words import not_heard, uncertain
from kikimori.ways_in import make_taps
from kikimori_core.messages import joined, text
from kikimori_core.wire.messages import Party
from kikimori_core.wire.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from kikimori.config import AgentConfig
    from kikimori.integrations.integration import Integration
    from kikimori.taps.tap import Address, Tap
    from kikimori.watch.picture import LegRow
    from kikimori_core.messages import CodedText
    from kikimori_core.model.call import CallInfo, LegInfo, Role

REMEMBERED_ENDS = 5
CLOSE_WITHIN_S = 5.0
SILENT_AFTER_S = 8.0
TWINS_AFTER = 20
"""Readings in a row in which both legs sound alike: in level to a tenth of a decibel, in zero crossings to 3 %."""
MOST_REASONS = 3
HEARD_DB = -60.0
"""Level in dBFS above which two legs are compared; the noise of two idle lines may well be alike."""


@dataclass(slots=True)
class _Call:
    info: CallInfo
    began: float
    held: bool = False
    legs: list[LegMeter] = field(default_factory=list)
    alike: int = 0


class WatchDesk:
    """A `kikimori_core.model.feed.CallDesk` that measures."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.legs_seen = 0
        self.legs_sounded = 0
        self.ended: deque[str] = deque(maxlen=REMEMBERED_ENDS)
        self._now = now
        self._calls: dict[str, _Call] = {}

    def open_leg(self, info: LegInfo) -> LegMeter:
        call = self._calls.setdefault(info.call.call_id, _Call(info.call, self._now()))
        known = Party() if info.call.identity else call.info.caller
        call.info = replace(
            call.info,
            identity=info.call.identity or call.info.identity,
            caller=info.call.caller if info.call.caller != Party() else known,
            operator=info.call.operator if info.call.operator != Party() else call.info.operator,
            queue=info.call.queue or call.info.queue,
        )
        meter = LegMeter(info, self._now, self._leg_closed)
        call.legs.append(meter)
        self.legs_seen += 1
        return meter

    def held(self, call_id: str, *, on_hold: bool) -> None:
        call = self._calls.get(call_id)
        if call is not None:
            call.held = on_hold

    def key(self, call_id: str, role: Role, digit: str) -> None:
        call = self._calls.get(call_id)
        for leg in call.legs if call is not None else ():
            if leg.info.role is role:
                leg.key = digit

    def ring(self, call: CallInfo, phones: Sequence[str], *, answered: bool = False) -> None:
        """Ignore it: only calls with voices are shown."""

    def ring_over(self, call_id: str) -> None:
        """Ignore it likewise."""

    def sounded(self) -> int:
        """Return the number of legs that brought sound, live ones included."""
        live = sum(leg.sounded for call in self._calls.values() for leg in call.legs)
        return self.legs_sounded + live

    def rows(self) -> tuple[CallRow, ...]:
        """Calls, the oldest first."""
        return tuple(self._row(call) for call in self._calls.values())

    def _row(self, call: _Call) -> CallRow:
        call.legs.sort(key=lambda leg: str(leg.info.role))
        legs = tuple(leg.row() for leg in call.legs)
        call.alike = call.alike + 1 if _alike(call.legs, legs) else 0
        now = self._now()
        hint: str = uncertain() if call.info.identity else ""
        dumb = [leg for leg in call.legs if not leg.sounded and now - leg.opened_at > SILENT_AFTER_S]
        if call.alike >= TWINS_AFTER:
            hint = text("hint_same_sound")
        elif dumb:
            names = sorted({str(leg.info.role) for leg in dumb})
            hint = text("hint_no_sound", names=joined(names, "joined_and"))
        return CallRow(
            call_id=call.info.call_id,
            tap=call.info.tap,
            caller=call.info.caller,
            operator=call.info.operator,
            queue=call.info.queue,
            seconds=now - call.began,
            held=call.held,
            legs=legs,
            hint=hint,
            identity=call.info.identity,
        )

    def _leg_closed(self, leg: LegMeter) -> None:
        call_id = leg.info.call.call_id
        call = self._calls[call_id]
        call.legs.remove(leg)
        self.legs_sounded += leg.sounded
        if not call.legs:
            del self._calls[call_id]
            seconds = f"{self._now() - call.began:.0f}"
            self.ended.append(text("watch_ended_so", name=call_id, seconds=seconds, reason=leg.ended))


def _alike(meters: list[LegMeter], rows: tuple[LegRow, ...]) -> bool:
    """Return whether two legs sound as if they were one."""
    levels = [row.level_db for row in rows if row.level_db is not None and row.level_db > HEARD_DB]
    if not len(meters) == len(levels) == 2 or abs(levels[0] - levels[1]) >= 0.1:
        return False
    one, other = (meter.crossings for meter in meters)
    return abs(one - other) <= 0.03 * max(one, other)


class OwnTaps:
    """A `kikimori.watch.picture.Source`."""

    def __init__(self, config: AgentConfig) -> None:
        """Make the taps. Raises KikimoriError when none is switched on."""
        self._now = asyncio.get_running_loop().time
        self._began = self._now()
        self.desk = WatchDesk(self._now)
        self.taps = make_taps(config, self.desk, LegDirectory(self._now))
        self._integrations = {each.name: each for each in config.integrations()}
        if not self.taps:
            raise KikimoriError.of("nothing_to_watch")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen inside; close every tap at the end.

        Raises:
            KikimoriError: a port is taken, a device or permission is missing.
        """
        listening: list[Tap] = []
        try:
            for tap in self.taps:
                listening.append(tap)
                await self._listen(tap)
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(tap.run(), name=tap.name) for tap in self.taps]
                try:
                    yield
                finally:
                    for task in running:
                        task.cancel()
        finally:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await asyncio.gather(*(tap.close() for tap in listening), return_exceptions=True)

    @staticmethod
    async def _listen(tap: Tap) -> None:
        try:
            await tap.listen()
        except KikimoriError as error:
            raise KikimoriError.of(
                "watch_way_in_failed",
                name=tap.name,
                message=error.message,
                next_step=error.next_step or "kikimori doctor",
            ) from error

    def picture(self) -> Picture:
        calls = self.desk.rows()
        taps = tuple(
            TapRow(tap.name, _listens(tap.addresses), tap.problems(), tap.counters()) for tap in self.taps
        )
        return Picture(
            seconds=self._now() - self._began,
            taps=taps,
            calls=calls,
            ended=tuple(self.desk.ended),
            legs_seen=self.desk.legs_seen,
            legs_sounded=self.desk.sounded(),
            hints=() if self.desk.legs_seen else self._hints(),
        )

    def _hints(self) -> tuple[str, ...]:
        # Audio comes to AudioSocket when the tap by ARI asks for it: then that one's words are the ones that help.
        serving = {self._integrations[tap.name].audio_by for tap in self.taps}
        asked = [
            tap
            for tap in self.taps
            if tap.name not in serving or (isinstance(tap, RejectingTap) and tap.refusals())
        ]
        return tuple(hint for tap in asked for hint in hints(tap, self._integrations[tap.name]))


def _listens(addresses: dict[str, Address]) -> tuple[str, ...]:
    return tuple(f"{name} {host}:{port}" for name, (host, port) in addresses.items())


def hints(tap: Tap, integration: Integration[Any]) -> list[CodedText]:
    """Return hints for a way in that stays quiet; `integration` is what it belongs to."""
    if tap.problems():
        return []  # they say it better
    name = tap.name
    if isinstance(tap, RejectingTap) and (refused := tap.refusals()):
        most = sorted(refused.items(), key=lambda each: -each[1])[:MOST_REASONS]
        return [
            text("hint_refused", tap=name, count=count, reason=why, advice=advice(integration, why))
            for why, count in most
        ]
    if told := not_heard(tap.counters()):
        return [text("hint_of_way_in", tap=name, told=each) for each in told]
    if not tap.addresses:
        return [text("hint_connected", tap=name)]
    listens = ", ".join(_listens(tap.addresses))
    found = [
        text("hint_from_answer_on" if integration.from_answer_on else "hint_sent", tap=name, listens=listens)
    ]
    if all(is_loopback(host) for host, _ in tap.addresses.values()):
        found.append(text("hint_loopback", tap=name, host=integration.host_key))
    return found
