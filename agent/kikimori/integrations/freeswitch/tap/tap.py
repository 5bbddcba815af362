"""FreeSWITCH as a way in: the media server, and the event socket that reports calls."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import structlog

from kikimori.errors import KikimoriError, secret_next_step
from kikimori.integrations.freeswitch.client import REMEDIES, EslClient
from kikimori.integrations.freeswitch.settings import read_secret
from kikimori.integrations.freeswitch.tap.media import FreeSwitchMediaServer
from kikimori.integrations.freeswitch.tap.streams import Streams
from kikimori.integrations.freeswitch.tap.tracking import (
    EVENTS,
    CallBegan,
    CallFinished,
    Change,
    FreeSwitchCallTracker,
    OperatorCame,
    OperatorLeft,
)
from kikimori.ports.limiter import ConnectionLimits
from kikimori.ports.refusals import together
from kikimori.taps.changes import DigitPressed, HoldChanged
from kikimori_core.messages import remedy, text
from kikimori_core.wire.messages import Problem
from kikimori_core.wire.peers import AllowedPeers

if TYPE_CHECKING:
    from kikimori.integrations.freeswitch.esl import Event
    from kikimori.integrations.freeswitch.settings import FreeSwitchTable
    from kikimori.taps.sides import SidesTable
    from kikimori.taps.tap import Address
    from kikimori_core.model.feed import CallDesk

log = structlog.get_logger()

LISTS_LAG_S = 2.0
"""`show …` reads a database that FreeSWITCH writes about once a second."""


class FreeSwitchTap:
    """A `kikimori.taps.tap.Tap`."""

    def __init__(self, desk: CallDesk, table: FreeSwitchTable, sides: SidesTable) -> None:
        """Make it; raises KikimoriError when `media_token_file` cannot be read."""
        self._desk = desk
        self._table = table
        self.media = FreeSwitchMediaServer(
            desk,
            AllowedPeers(table.allow),
            ConnectionLimits(connections=table.max_streams, idle_s=table.idle_s),
            secret=_media_secret(table),
        )
        self._tracker = FreeSwitchCallTracker(sides, self._unheard)
        self._not_heard: Counter[str] = Counter()
        self.esl: EslClient | None = None
        self.streams: Streams | None = None
        password_file = table.esl_password_file
        if password_file is not None:
            self.esl = EslClient(
                table.esl_host,
                table.esl_port,
                lambda: read_secret(password_file),
                events=EVENTS,
                on_event=self._event,
                on_up=self._up,
                on_down=lambda: self._tracker.rings.hush(self._desk),
            )
            self.streams = Streams(table, desk, self.esl, self.media)

    @property
    def name(self) -> str:
        return "freeswitch"

    @property
    def addresses(self) -> dict[str, Address]:
        return {"freeswitch_media": self.media.address}

    async def listen(self) -> None:
        table = self._table
        try:
            await self.media.listen(table.media_host, table.media_port)
        except OSError as error:
            raise KikimoriError.of(
                "freeswitch_not_listening",
                media_host=table.media_host,
                media_port=table.media_port,
                reason=error.strerror,
            ) from error

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.media.watch(), name="freeswitch-media")
            if self.esl is not None:
                tasks.create_task(self.esl.run(), name="freeswitch-esl")

    async def close(self) -> None:
        if self.streams is not None:
            await self.streams.close()
        await self.media.close()

    def problems(self) -> tuple[Problem, ...]:
        found = []
        if self.esl is not None and self.esl.trouble is not None:
            trouble = self.esl.trouble
            found.append(
                Problem(
                    code=f"freeswitch_{trouble.reason}",
                    detail=trouble.detail[:200],
                    remedy=REMEDIES.get(trouble.reason, ""),
                )
            )
        elif self.streams is not None and self.streams.trouble is not None:
            reason, detail = self.streams.trouble
            found.append(
                Problem(code=f"freeswitch_{reason}", detail=detail, remedy=self._remedies().get(reason, ""))
            )
        return tuple(found)

    def refusals(self) -> dict[str, int]:
        return together(self.media.limiter.refusals, too_many=self.media.port.turned_away)

    def counters(self) -> dict[str, int]:
        counted = {
            "freeswitch_refused": sum(self.refusals().values()),
            "freeswitch_protocol_errors": self.media.limiter.faults,
        }
        if self.streams is not None and self.esl is not None:
            counted |= {
                "freeswitch_streams_started": self.streams.started,
                "freeswitch_streams_failed": self.streams.failed,
                "freeswitch_reconnects": self.esl.reconnects,
            }
        return counted | {f"freeswitch_not_heard_{why}": count for why, count in self._not_heard.items()}

    # --- inside

    def _unheard(self, reason: str) -> None:
        log.info("call_unheard", reason=reason)
        self._not_heard[reason] += 1

    def _remedies(self) -> dict[str, str]:
        module = self._table.module
        return {
            "stream_refused": remedy("stream_refused", module=module),
            "stream_never_came": remedy("stream_never_came"),
        }

    async def _up(self) -> None:
        """Take over the calls that already run, after each log-in."""
        if self.esl is None or self.streams is None:
            return
        await self._adopt(self.esl)
        await self.streams.restart_all()
        log.info("freeswitch_calls_adopted", calls=len(self._tracker.calls))
        # FreeSWITCH's lists lag behind: a call that was answered just before the log-in is in none of the first.
        await asyncio.sleep(LISTS_LAG_S)
        await self._adopt(self.esl)

    async def _adopt(self, esl: EslClient) -> None:
        channels = await esl.rows("show channels")
        calls = await esl.rows("show calls")
        unlisted = self._tracker.involved() - {str(row.get("uuid", "")) for row in channels}
        there = [uuid for uuid in unlisted if await esl.api(f"uuid_exists {uuid}") == "true"]
        self._apply(self._tracker.adopt(channels, calls, there), again=True)
        self._tracker.rings.tell(self._desk)

    def _event(self, event: Event) -> None:
        self._apply(self._tracker.take(event.headers), again=False)
        self._tracker.rings.tell(self._desk)

    def _apply(self, changes: list[Change], *, again: bool) -> None:
        streams = self.streams
        if streams is None:
            return
        for change in changes:
            match change:
                case CallBegan(call):
                    streams.begin(call, again=again)
                case OperatorCame(call):
                    streams.operator_came(call)
                case OperatorLeft(call_id):
                    streams.operator_left(call_id)
                case HoldChanged(call_id, on_hold):
                    if on_hold:
                        streams.operator_left(call_id)
                    else:
                        streams.operator_back(call_id)
                    self._desk.held(call_id, on_hold=on_hold)
                case DigitPressed(call_id, role, digit):
                    self._desk.key(call_id, role, digit)
                case CallFinished(call_id, hung_up):
                    streams.end(call_id, hung_up=hung_up)


def _media_secret(table: FreeSwitchTable) -> str | None:
    if table.media_token_file is None:
        return None
    try:
        return read_secret(table.media_token_file)
    except (OSError, ValueError) as error:
        raise KikimoriError(
            text("media_token_unreadable", error=error),
            next_step=secret_next_step(error, "[freeswitch] media_token_file"),
        ) from error
