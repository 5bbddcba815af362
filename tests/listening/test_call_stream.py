"""Streams of an agent to a dashboard, over TLS by an authority of the office: what ends them, how many, and an hour's call."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from aiohttp import WSMsgType, web
from tests.calls.test_desk import News
from tests.support.deadline import WITHIN_S
from tests.support.https import OfficeCertificate
from tests.support.told import PHRASES, RULES

from kikimori.calls.call_recorder import NO_RECORDER
from kikimori.calls.desk import Desk
from kikimori.calls.settings import DeskSettings
from kikimori.listening import call_stream
from kikimori.listening.listening_desk import ListeningDesk
from kikimori.listening.pages_way import PagesWay
from kikimori_core.g711 import ULAW
from kikimori_core.journal.signing import check_head
from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Party, Role
from kikimori_core.wire.key_store import TrustStore, given_key
from kikimori_core.wire.keys import SigningKey
from kikimori_core.wire.listening import ListeningTable
from kikimori_core.wire.messages import Action, Command
from kikimori_core.wire.sound_frames import KEEP, STREAM_PATH, SoundFrame, SoundFrameKind, SoundRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import pytest

    from kikimori.calls.leg import LiveLeg
    from kikimori.control.pbx_control import PbxAnswer

RATE = 8000
HOUR_S = 3600
KEY = SigningKey(b"l" * 32)


@dataclass
class Pages:
    """Messages that a dashboard gets, by ticket; `keeps`: whether it tells that somebody listens."""

    url: str = ""
    keeps: bool = True
    frames: dict[str, list[SoundFrame]] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)

    async def take(self, request: web.Request) -> web.WebSocketResponse:
        trust = TrustStore(given=[given_key("agent", KEY)])
        assert check_head(request.headers, "GET", request.path, "agent", trust, datetime.now(UTC)) is None
        ticket = request.match_info["ticket"]
        got = self.frames.setdefault(ticket, [])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        keeping = asyncio.create_task(self._keep(socket))
        async for message in socket:
            assert message.type is WSMsgType.BINARY
            got.append(SoundFrame.from_bytes(message.data))
        self.over.add(ticket)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        return socket

    async def _keep(self, socket: web.WebSocketResponse) -> None:
        with suppress(ConnectionError):
            while self.keeps:
                await socket.send_str(KEEP)
                await asyncio.sleep(0.05)

    def sound(self, ticket: str, kind: SoundFrameKind) -> list[tuple[int, bytes]]:
        """Return the customer's sound that came: number of the first sample, and codes."""
        return [
            (part.position, part.codes)
            for frame in self.frames.get(ticket, ())
            if frame.kind is kind
            for part in frame.parts
        ]


@dataclass
class Listening:
    """An agent's desk, its streams, and the pages to which they go."""

    desk: Desk
    streams: ListeningDesk
    pages: Pages

    def leg(self, call: str) -> LiveLeg:
        return self.desk.open_leg(
            LegInfo(CallInfo(call, "test", operator=Party(number="204")), Role.CUSTOMER, RATE)
        )

    async def ask(self, call: str, listener: int, past_s: float = 0.0) -> PbxAnswer:
        now = datetime.now(UTC)
        wish = SoundRequest(url=self.pages.url, ticket=f"of-{call}", listener=listener, past_s=past_s)
        command = Command(
            command_id=f"{call}-{listener}", call_id=call, action=Action.LISTEN_AUDIO, issued_by="課長",
            issued_at=now, expires_at=now + timedelta(seconds=5), reply_to="test", sound=wish,
        )  # fmt: skip
        return await self.streams.listen(command, self.desk.calls[call])

    @property
    def open(self) -> int:
        return self.streams.counters()["sound_streams"]


@asynccontextmanager
async def listening(folder: Path, **table: int) -> AsyncIterator[Listening]:
    office, pages = OfficeCertificate(folder), Pages()
    app = web.Application()
    app.router.add_get(STREAM_PATH, pages.take)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(office.file, office.key)
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    pages.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    streams = ListeningDesk(ListeningTable(**table), NO_RECORDER)
    streams.begin(PagesWay("agent", KEY, office.authority.file))
    desk = Desk(
        DeskSettings(site="test", agent_id="agent"), RULES, PHRASES, News(), None, recent=streams.recent
    )
    try:
        yield Listening(desk, streams, pages)
    finally:
        await streams.aclose()
        await desk.close()
        await runner.cleanup()


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not met():  # noqa: ASYNC110 - of another task
            await asyncio.sleep(0.01)


def tone(seconds: float) -> bytes:
    times = np.arange(round(RATE * seconds)) / RATE
    return (9000 * np.sin(2 * np.pi * 440 * times)).astype("<i2").tobytes()


async def test_a_stream_ends_without_a_keep_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_stream, "ENDS_AFTER_S", 4.0)  # instead of ten
    async with listening(tmp_path) as office:
        leg = office.leg("c1")
        assert (await office.ask("c1", 1)).outcome == "done"
        began = asyncio.get_running_loop().time()
        # Kept alive it goes on beyond that time.
        while asyncio.get_running_loop().time() - began < 6.0:
            leg.audio(tone(0.1))
            await office.desk.hear_all()
            await asyncio.sleep(0.05)
        assert (office.open, office.pages.over) == (1, set())
        office.pages.keeps = False
        await until(lambda: "of-c1" in office.pages.over)
        await until(lambda: office.open == 0)
        assert office.desk.calls["c1"].legs == [leg]  # the call itself goes on


async def test_an_agent_has_so_many_streams_and_no_more(tmp_path: Path) -> None:
    async with listening(tmp_path, streams=2) as office:
        legs = [office.leg(each) for each in ("c1", "c2", "c3")]
        assert (await office.ask("c1", 1)).outcome == "done"
        assert (await office.ask("c2", 1)).outcome == "done"
        refused = await office.ask("c3", 1)
        assert (refused.outcome, refused.reason) == ("refused", "too_many_streams")
        # Who listens besides shares a stream.
        assert (await office.ask("c1", 2)).outcome == "done"
        assert (office.open, sorted(office.pages.frames)) == (2, ["of-c1", "of-c2"])
        legs[0].close(EndReason.HUNG_UP)
        await office.desk.hear_all()
        await until(lambda: office.open == 1)
        assert (await office.ask("c3", 1)).outcome == "done"
        assert office.streams.counters()["sound_streams_opened"] == 3


async def test_the_end_of_an_hours_call_is_heard_at_its_time(tmp_path: Path) -> None:
    async with listening(tmp_path, past_s=30) as office:
        leg = office.leg("c1")
        leg.gap((HOUR_S - 60) * RATE)
        said = tone(60)
        for at in range(0, len(said), RATE * 2):
            leg.audio(said[at : at + RATE * 2])
            await office.desk.hear_all()
        assert office.desk.calls["c1"].heard_s == HOUR_S
        [kept] = office.streams.memory.of(office.desk.calls["c1"])
        assert kept.ring.end - kept.ring.begin == 30 * RATE
        assert (await office.ask("c1", 7, past_s=15)).outcome == "done"
        more = tone(2)
        for at in range(0, len(more), RATE // 5):
            leg.audio(more[at : at + RATE // 5])
            await office.desk.hear_all()
            await asyncio.sleep(0.02)

        def heard() -> int:
            return sum(len(codes) for _, codes in office.pages.sound("of-c1", SoundFrameKind.LIVE))

        await until(lambda: heard() >= 2 * RATE)
        past = office.pages.sound("of-c1", SoundFrameKind.PAST)
        live = office.pages.sound("of-c1", SoundFrameKind.LIVE)
        begins = past[0][0]
        assert begins == (HOUR_S - 15) * RATE
        for (position, codes), (following, _) in pairwise([*past, *live]):
            assert position + len(codes) == following
        sound = ULAW[np.frombuffer(b"".join(codes for _, codes in [*past, *live]), np.uint8)]
        wanted = np.frombuffer(said + more, "<i2")[45 * RATE :][: len(sound)]
        assert np.max(np.abs(sound - wanted.astype(int))) < 400  # steps of μ-law at this level
