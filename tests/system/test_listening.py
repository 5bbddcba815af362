"""Listening in a browser, in an office in one process: sound of a real line, past and live, and all that ends it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from aiohttp import WSMsgType, WSServerHandshakeError
from tests.support.browser import store_of_people
from tests.support.deadline import WITHIN_S
from tests.support.live_client import live_client
from tests.support.sign_in import client
from tests.support.telephone import KIND_HANG_UP, message, on_the_line
from tests.system.conftest import until

from kikimori.office import open_office
from kikimori_core.g711 import ULAW
from kikimori_core.wire.sound_frames import SoundFrame, SoundFrameKind
from kikimori_dashboard import DashboardSettings
from kikimori_lab.cli.demo import demo_config
from kikimori_lab.demo.pbx import SimulatedPbx
from kikimori_records.audit.entry import ActorKind
from kikimori_records.people import person_by_login
from kikimori_records.people.changes import Author, change_person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp import ClientWebSocketResponse

    from kikimori.office import Office
    from kikimori_records.store import Store


@asynccontextmanager
async def office_of(folder: Path, store: Store, **listening: Any) -> AsyncIterator[Office]:
    config = demo_config(folder / "state", speech=False)
    config = config.model_copy(update={"listening": config.listening.model_copy(update=listening)})
    pages = DashboardSettings(site="demo", port=0, store=store.settings, listening=config.listening)
    async with open_office(config, pages, broker_port=0, pbx=SimulatedPbx(), store=store) as office:
        yield office


class Ear:
    """Sound that a browser gets, by side."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.past: dict[str, list[tuple[int, bytes]]] = {}
        self.live: dict[str, list[tuple[int, bytes]]] = {}
        self.said: list[dict[str, Any]] = []
        self.past_over = False

    async def until(self, met: Any) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not met(self):
                await self._take()

    async def _take(self) -> None:
        got = await self.socket.receive()
        if got.type is WSMsgType.BINARY:
            frame = SoundFrame.from_bytes(got.data)
            self.past_over |= frame.kind is SoundFrameKind.PAST_OVER
            into = self.past if frame.kind is SoundFrameKind.PAST else self.live
            for part in frame.parts:
                into.setdefault(part.role, []).append((part.position, part.codes))
        elif got.type is WSMsgType.TEXT:
            self.said.append(json.loads(got.data))

    @property
    def over(self) -> bool:
        return self.socket.closed


def sound_of(pieces: list[tuple[int, bytes]]) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Return the samples of pieces that follow each other without a gap."""
    for (position, codes), (following, _) in pairwise(pieces):
        assert position + len(codes) == following
    return ULAW[np.frombuffer(b"".join(codes for _, codes in pieces), np.uint8)]


@asynccontextmanager
async def listening(url: str, query: str, login: str = "supervisor") -> AsyncIterator[Ear]:
    async with client(url, login) as http, http.ws_connect(f"/api/calls/c1/sound?{query}") as socket:
        yield Ear(socket)


def tone(seconds: float, hertz: float = 440.0) -> bytes:
    times = np.arange(round(8000 * seconds)) / 8000
    return (9000 * np.sin(2 * np.pi * hertz * times)).astype("<i2").tobytes()


async def test_past_and_live_follow_each_other_without_a_gap(tmp_path: Path) -> None:
    async with (
        store_of_people() as store,
        office_of(tmp_path, store) as office,
        live_client(office.dashboard_url.rstrip("/")) as page,
        live_client(office.dashboard_url.rstrip("/"), page="operator", login="operator") as own,
        on_the_line(office.addresses, call="c1", role="customer", extension="201") as telephone,
    ):
        url, agent = office.dashboard_url, office.agent
        await telephone.speak(tone(1.6))
        await page.until(lambda each: "listen_audio" in each["calls"].get("c1", {}).get("capabilities", ()))
        await until(lambda: agent.desk.calls["c1"].received_s > 1.5)
        async with listening(url, "past=1") as ear, listening(url, "", "both") as other:
            for each in (ear, other):
                await each.until(lambda each: each.past_over)
            await page.until(
                lambda each: each["calls"]["c1"].get("listeners") == ["木村 さくら", "高橋 課長"]
            )
            await own.until(
                lambda each: each["calls"].get("c1", {}).get("listeners") == ["木村 さくら", "高橋 課長"]
            )
            await telephone.speak(tone(1.0))
            for each in (ear, other):
                await each.until(
                    lambda each: sum(len(codes) for _, codes in each.live.get("customer", ())) >= 8000
                )
            assert not other.past
            assert abs(len(sound_of(ear.past["customer"])) - 8000) < 400
            heard = sound_of(ear.past["customer"] + ear.live["customer"]).astype(float)
            # A sine of one frequency, to its end: nothing is missing, twice or silent.
            power = np.abs(np.fft.rfft(heard[:16000]))
            assert np.argmax(power) == 880
            assert power[880] > 0.9 * np.sqrt(np.sum(power**2))
            # One stream for both.
            assert agent._health().counters["sound_streams"] == 1

            await take_role_away(store)
            await other.until(lambda each: each.over)
            assert other.socket.close_code == 4403
            await page.until(lambda each: each["calls"]["c1"].get("listeners") == ["高橋 課長"])

            await telephone.send(message(KIND_HANG_UP))
            await ear.until(lambda each: each.over)
            assert ear.said[-1] == {"type": "end", "reason": "call_over"}
        await until(lambda: agent._health().counters["sound_streams"] == 0)
        both = ("高橋 課長", "木村 さくら")
        expected = {(action, name) for action in ("sound.listen", "sound.end") for name in both}
        async with asyncio.timeout(WITHIN_S):
            while await noted(url) != expected:  # noqa: ASYNC110 - it is asked over HTTP
                await asyncio.sleep(0.1)


async def noted(url: str) -> set[tuple[str, str]]:
    """Return what the audit has of listening: action and name."""
    async with client(url, "admin") as http, http.get("/api/audit") as answer:
        entries = (await answer.json())["entries"]
    return {(each["action"], each["actor_name"]) for each in entries if each["action"].startswith("sound.")}


async def take_role_away(store: Store) -> None:
    person = await person_by_login(store, "both")
    assert person is not None
    await change_person(
        store, person.id, {"roles": frozenset({"operator"})}, Author(ActorKind.SYSTEM, "test")
    )


async def test_who_may_not_listen_hears_nothing(tmp_path: Path) -> None:
    async with (
        store_of_people() as store,
        office_of(tmp_path, store, past_s=0, streams=1, shown=False) as office,
        live_client(office.dashboard_url.rstrip("/")) as page,
        live_client(office.dashboard_url.rstrip("/"), page="operator", login="operator") as own,
        on_the_line(office.addresses, call="c1", role="customer", extension="201") as telephone,
    ):
        url = office.dashboard_url
        await telephone.speak(tone(0.4))
        await page.until(lambda each: "c1" in each["calls"])
        for login in ("operator", "records", "wall", "admin"):
            with pytest.raises(WSServerHandshakeError, match="403"):
                async with listening(url, "", login):
                    pass
        # Of a call whose past is not kept there is none.
        async with listening(url, "past=15") as ear:
            await ear.until(lambda each: each.past_over)
            assert not ear.past
            picture = await page.until(lambda each: each["calls"]["c1"].get("listeners"))
            assert picture["calls"]["c1"]["listeners"] == ["高橋 課長"]
            # The office does not tell operators; the change has come to their page all the same.
            picture = await own.until(lambda each: "c1" in each["calls"] and own.deltas > 1)
            assert "listeners" not in picture["calls"]["c1"]
        # Nobody asked for this stream; and the one that was asked for wants the agent's signature.
        async with client(url) as http, http.get("/agents/demo/sound/abc") as answer:
            assert answer.status == 404
