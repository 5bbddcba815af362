"""The tap against a simulated Asterisk over real sockets: calls are heard, and nothing is left behind."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import aiohttp
import numpy as np
import pytest
from structlog.testing import capture_logs
from tests.support.asterisk.ari_peer import LOGIN, PASSWORD, USER, SimulatedAsterisk
from tests.support.audio_socket import audio_socket_tap
from tests.support.deadline import WITHIN_S
from tests.support.recorder import RecordedLeg, Recorder

from kikimori.errors import KikimoriError
from kikimori.integrations.asterisk.settings import AsteriskTable
from kikimori.integrations.asterisk.tap import tap as tap_module
from kikimori.integrations.asterisk.tap import voice
from kikimori.integrations.asterisk.tap.tap import AsteriskTap
from kikimori.integrations.audiosocket.tap import AudioSocketTap
from kikimori.taps.announced.directory import LegDirectory
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import EndReason, Party, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

SIDES = SidesTable(customer_endpoints=("PJSIP/trunk*",), operator_endpoints=("PJSIP/2??",))


class Office:
    """A simulated PBX, both taps and a desk that remembers."""

    def __init__(
        self, pbx: SimulatedAsterisk, desk: Recorder, tap: AsteriskTap, audio: AudioSocketTap
    ) -> None:
        self.pbx = pbx
        self.desk = desk
        self.tap = tap
        self.audio = audio

    def legs(self, role: Role) -> list[RecordedLeg]:
        return [leg for leg in self.desk.legs if leg.info.role is role]

    def counter(self, name: str) -> int:
        return self.tap.counters()[f"asterisk_{name}"]

    @property
    def problems(self) -> list[str]:
        return [each.code for each in self.tap.problems()]

    async def call(self) -> tuple[str, str]:
        """Begin a call that is copied; returns the customer's channel and the operator's."""
        customer = self.pbx.channel("PJSIP/trunk", "0312345678", "山田")
        operator = self.pbx.channel("PJSIP/201", "201", "佐藤", app="AppDial")
        self.pbx.connect(customer, operator)
        await self.copied(customer, operator)
        return customer, operator

    async def copied(self, *channels: str) -> None:
        await until(lambda: all(self.pbx.copies(each) for each in channels))

    async def speak(self, voices: Mapping[str, bytes]) -> None:
        for channel, pcm in voices.items():
            self.pbx.say(channel, pcm)
        size = sum(map(len, voices.values()))
        before = sum(len(leg.pcm) for leg in self.desk.legs)
        await self.desk.until(lambda: sum(len(leg.pcm) for leg in self.desk.legs) == before + size)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that announces itself to nobody."""
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@asynccontextmanager
async def office(
    pbx: SimulatedAsterisk, folder: Path, *, password: str = PASSWORD, **settings: object
) -> AsyncIterator[Office]:
    (folder / "password").write_text(password, encoding="utf-8")
    desk = Recorder()
    directory = LegDirectory(asyncio.get_running_loop().time)
    audio = audio_socket_tap(desk, directory)
    table = AsteriskTable.model_validate(
        {"ari_url": pbx.url, "ari_user": USER, "ari_password_file": folder / "password", **settings}
    )
    tap = AsteriskTap(desk, directory, SIDES, table, lambda: audio.server.address)
    await audio.listen()
    await tap.listen()
    running = [asyncio.create_task(audio.run()), asyncio.create_task(tap.run())]
    try:
        yield Office(pbx, desk, tap, audio)
    finally:
        await asyncio.gather(audio.close(), tap.close())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tap_module, "RETRIES_S", (0.05,))
    monkeypatch.setattr(tap_module, "IN_USE_RETRY_S", 0.05)
    monkeypatch.setattr(tap_module, "GRACE_S", 1.0)


@pytest.mark.parametrize("rate", [8000, 16000])
async def test_two_voices_of_one_call_come_apart(tmp_path: Path, rate: int) -> None:
    async with SimulatedAsterisk() as pbx, office(pbx, tmp_path, rate=rate) as at:
        customer, operator = await at.call()
        one, two = b"\1\0" * rate, b"\2\0" * rate
        await at.speak({customer: one, operator: two})
        [heard_customer], [heard_operator] = at.legs(Role.CUSTOMER), at.legs(Role.OPERATOR)
        assert (bytes(heard_customer.pcm), bytes(heard_operator.pcm)) == (one, two)
        assert heard_customer.info.rate == rate
        pbx.hang_up(customer, operator)
        await at.desk.until(lambda: all(leg.ended for leg in at.desk.legs))
        await until(lambda: not pbx.own())
    assert {leg.ended for leg in at.desk.legs} == {EndReason.HUNG_UP}
    call = heard_customer.info.call
    assert call == heard_operator.info.call
    assert (call.call_id, call.tap) == (customer, "asterisk")
    assert call.caller == Party(number="0312345678", name="山田")
    assert call.operator == Party(number="201", name="佐藤")
    assert (call.channel or "").startswith("PJSIP/trunk-")
    assert (call.operator_channel or "").startswith("PJSIP/201-")


async def test_only_what_is_said_is_copied(tmp_path: Path) -> None:
    """A spy on what a party hears would mix both voices; the peer refuses it."""
    async with SimulatedAsterisk() as pbx, office(pbx, tmp_path) as at:
        await at.call()
        await until(lambda: at.counter("voices") == 2)


async def test_asterisk_is_fed_silence(tmp_path: Path) -> None:
    """Its AudioSocket channel may stop the whole PBX when it is read and nothing comes."""
    async with SimulatedAsterisk() as pbx, office(pbx, tmp_path) as at:
        customer, _ = await at.call()
        [media] = pbx.copies(customer)
        await until(lambda: media.heard > 5 * 323)


async def test_hold_and_keys_are_told(tmp_path: Path) -> None:
    async with SimulatedAsterisk() as pbx, office(pbx, tmp_path) as at:
        customer, operator = await at.call()
        pbx.hold(operator, on=True)
        pbx.hold(operator, on=False)
        pbx.hold(customer, on=True)
        for digit in "*9":
            pbx.press(operator, digit)
        pbx.press(customer, "1")
        await at.desk.until(lambda: len(at.desk.keys) == 3)
        assert at.desk.holds == [(customer, True), (customer, False)]
        assert at.desk.keys == [
            (customer, Role.OPERATOR, "*"),
            (customer, Role.OPERATOR, "9"),
            (customer, Role.CUSTOMER, "1"),
        ]


async def test_the_operator_changes_and_the_customer_stays(tmp_path: Path) -> None:
    async with SimulatedAsterisk() as pbx, office(pbx, tmp_path) as at:
        customer, operator = await at.call()
        await at.speak({customer: bytes(320), operator: bytes(320)})
        superior = pbx.channel("PJSIP/202", "202", "課長", app="AppDial")
        bridge = next(iter(pbx.bridges))
        pbx.hang_up(operator)
        pbx.enter(bridge, superior)
        await at.copied(superior)
        await at.speak({customer: b"\3\0" * 160, superior: b"\4\0" * 160})
        await at.desk.until(lambda: at.legs(Role.OPERATOR)[0].ended)
        [one], [first, second] = at.legs(Role.CUSTOMER), at.legs(Role.OPERATOR)
        assert one.ended is None
        assert second.info.call.call_id == first.info.call.call_id == one.info.call.call_id
        assert second.info.call.operator == Party(number="202", name="課長")
        assert bytes(one.pcm) == bytes(320) + b"\3\0" * 160


async def test_parties_that_part_for_a_moment_keep_their_copies(tmp_path: Path) -> None:
    async with SimulatedAsterisk() as pbx, office(pbx, tmp_path) as at:
        customer, operator = await at.call()
        await at.speak({customer: bytes(320), operator: bytes(320)})
        bridge = next(iter(pbx.bridges))
        pbx.leave(operator)
        pbx.enter(bridge, operator)
        pbx.press(operator, "1")
        await at.desk.until(lambda: at.desk.keys)
        await asyncio.sleep(1.5)  # longer than the grace
        assert at.counter("voices_copied") == 2
        assert all(leg.ended is None for leg in at.desk.legs)


async def test_an_operator_who_left_is_heard_no_more(tmp_path: Path) -> None:
    """Control keeps the operator apart while the customer is on hold: what they say there is nobody's business."""
    async with SimulatedAsterisk() as pbx, office(pbx, tmp_path) as at:
        customer, operator = await at.call()
        await at.speak({customer: bytes(320), operator: bytes(320)})
        pbx.leave(operator)
        pbx.leave(customer)
        await at.desk.until(lambda: at.legs(Role.OPERATOR)[0].ended)
        assert not pbx.copies(operator)
        assert pbx.copies(customer)
        assert at.legs(Role.CUSTOMER)[0].ended is None


async def test_calls_that_run_already_are_heard(tmp_path: Path) -> None:
    async with SimulatedAsterisk() as pbx:
        customer, operator = pbx.channel("PJSIP/trunk"), pbx.channel("PJSIP/201")
        pbx.connect(customer, operator)
        async with office(pbx, tmp_path) as at:
            await at.copied(customer, operator)


async def test_many_calls_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        voice, "STARTED_WITHIN_S", WITHIN_S
    )  # all of them begin in one moment, on any machine
    async with SimulatedAsterisk() as pbx, office(pbx, tmp_path) as at:
        calls = []
        for _ in range(20):
            calls.append((pbx.channel("PJSIP/trunk"), pbx.channel("PJSIP/201")))
            pbx.connect(*calls[-1])
        await at.copied(*(each for call in calls for each in call))
        await until(lambda: at.counter("voices") == 40)
        for call in calls:
            pbx.hang_up(*call)
        await until(lambda: not pbx.own() and at.counter("voices") == 0)
        assert at.counter("voices_failed") == 0


# --- nothing is left behind


async def test_close_leaves_nothing_and_no_call_ends(tmp_path: Path) -> None:
    async with SimulatedAsterisk() as pbx:
        async with office(pbx, tmp_path) as at:
            customer, operator = await at.call()
            await at.speak({customer: bytes(320), operator: bytes(320)})
        assert pbx.own() == []
        assert {customer, operator} <= set(pbx.channels)
    assert {leg.ended for leg in at.desk.legs} == {EndReason.SHUTDOWN}


async def test_what_a_killed_agent_left_is_removed(tmp_path: Path) -> None:
    """Its own; another agent's stays."""
    async with SimulatedAsterisk() as pbx:
        base, other = f"kikimori-tap-{uuid4()}", f"branch-tap-{uuid4()}"
        for each in (base, other):
            pbx._new_channel(f"{each}-snoop", "Snoop/1-00000001", app="Stasis")
            pbx._new_bridge(f"{each}-bridge", "", "Stasis")
        async with office(pbx, tmp_path) as at:
            await until(lambda: at.counter("leftovers_removed") == 2)
            assert pbx.own() == []
            assert len(pbx.own("branch-tap-")) == 2


async def test_a_lost_copy_is_made_again(tmp_path: Path) -> None:
    async with SimulatedAsterisk() as pbx, office(pbx, tmp_path) as at:
        customer, operator = await at.call()
        [before] = pbx.copies(customer)
        before.writer.transport.abort()
        await until(lambda: pbx.copies(customer) not in ([], [before]))
        await until(lambda: at.counter("voices") == 2)
        assert len(pbx.own()) == 6
        assert pbx.copies(operator)


# --- Asterisk is away, or refuses


async def test_a_lost_connection_of_events_disturbs_nothing(tmp_path: Path) -> None:
    async with SimulatedAsterisk() as pbx, office(pbx, tmp_path) as at:
        customer, operator = await at.call()
        await at.speak({customer: bytes(320), operator: bytes(320)})
        await pbx.cut_events()
        pbx.hang_up(operator)
        superior = pbx.channel("PJSIP/202", app="AppDial")
        pbx.enter(next(iter(pbx.bridges)), superior)
        await until(lambda: at.counter("reconnects") == 1)
        await at.copied(superior)
        await at.speak({customer: bytes(320)})
        pbx.press(superior, "9")
        await at.desk.until(lambda: at.desk.keys)
        [one] = at.legs(Role.CUSTOMER)
        assert one.ended is None
        await until(lambda: len(pbx.own()) == 6)
        assert at.problems == []


async def test_asterisk_restarts(tmp_path: Path) -> None:
    async with SimulatedAsterisk() as pbx, office(pbx, tmp_path) as at:
        customer, operator = await at.call()
        await at.speak({customer: bytes(320), operator: bytes(320)})
        await pbx.go_away()
        await at.desk.until(lambda: all(leg.ended for leg in at.desk.legs))
        await until(lambda: at.problems == ["asterisk_unreachable"])
        await pbx.come_back()
        await until(lambda: at.problems == [])
        await at.call()
        assert len(pbx.own()) == 6


async def test_asterisk_comes_later_than_the_agent(tmp_path: Path) -> None:
    async with SimulatedAsterisk() as pbx:
        await pbx.go_away()
        async with office(pbx, tmp_path) as at:
            await until(lambda: at.problems == ["asterisk_unreachable"])
            assert at.tap.problems()[0].remedy
            await pbx.come_back()
            await at.call()


@pytest.mark.parametrize(
    ("refused", "status", "code"),
    [
        ("/events", 404, "asterisk_no_ari"),
        ("/eventFilter", 403, "asterisk_read_only"),
        ("/channels", 500, "asterisk_refuses"),
    ],
)
async def test_what_is_refused_is_told(tmp_path: Path, refused: str, status: int, code: str) -> None:
    async with SimulatedAsterisk(refusals={refused: status}) as pbx, office(pbx, tmp_path) as at:
        await until(lambda: at.problems == [code])
        assert at.tap.problems()[0].remedy
        pbx.refusals.clear()
        await at.call()
        assert at.problems == []


async def test_a_wrong_password_is_told_and_not_written(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with SimulatedAsterisk() as pbx, office(pbx, tmp_path, password="open-sesame-8") as at:
            await until(lambda: at.problems == ["asterisk_login"])
            said = str(at.tap.problems())
    assert "open-sesame-8" not in said + str(logs)


async def test_an_old_asterisk_without_a_filter(tmp_path: Path) -> None:
    async with SimulatedAsterisk(refusals={"/eventFilter": 404}) as pbx, office(pbx, tmp_path) as at:
        await at.call()
        assert at.problems == []


async def test_missing_modules_are_told(tmp_path: Path) -> None:
    async with SimulatedAsterisk(modules=["res_ari_bridges.so"]) as pbx, office(pbx, tmp_path) as at:
        await until(lambda: at.problems == ["asterisk_modules"])
        assert "chan_audiosocket.so" in at.tap.problems()[0].remedy


async def test_an_asterisk_that_is_too_old_says_so(tmp_path: Path) -> None:
    """`module load` would not help: the modules are not there."""
    async with SimulatedAsterisk(modules=[], version="16.30.1") as pbx, office(pbx, tmp_path) as at:
        await until(lambda: at.problems == ["asterisk_too_old"])
        [problem] = at.tap.problems()
        assert "16.30.1" in problem.detail
        assert "18" in problem.remedy


async def test_two_agents_do_not_push_each_other_out(tmp_path: Path) -> None:
    """The second waits and says so; it takes over when the first is gone."""
    async with SimulatedAsterisk() as pbx, another_agent(pbx), office(pbx, tmp_path) as at:
        await until(lambda: at.problems == ["asterisk_app_in_use"])
        assert [path for _, path in pbx.asked].count("/ari/events") == 1
        await pbx.cut_events()
        await at.call()
        assert at.problems == []


async def test_a_name_that_a_dead_run_left_is_taken(tmp_path: Path) -> None:
    """Asterisk 18 lists an application for ever: only whoever is connected would be told that it is replaced."""
    async with (
        SimulatedAsterisk(version="18.26.4", left_apps={"kikimori"}) as pbx,
        office(pbx, tmp_path) as at,
    ):
        await at.call()
        assert at.problems == []


async def test_an_agent_that_is_pushed_out_steps_back(tmp_path: Path) -> None:
    async with SimulatedAsterisk() as pbx, office(pbx, tmp_path) as at:
        customer, operator = await at.call()
        async with another_agent(pbx) as other:
            await until(lambda: at.problems == ["asterisk_app_in_use"])
            await until(lambda: not pbx.own())
            assert not other.closed
        await at.copied(customer, operator)
        await until(lambda: at.problems == [])


@asynccontextmanager
async def another_agent(pbx: SimulatedAsterisk) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with (
        aiohttp.ClientSession(headers={"Authorization": LOGIN}) as http,
        http.ws_connect(f"{pbx.url}/events?app=kikimori") as socket,
    ):
        yield socket


async def test_audio_that_cannot_come_is_told(tmp_path: Path) -> None:
    """A wrong audio_port: the call goes on, nothing is left behind, somebody is told what to check."""
    async with SimulatedAsterisk() as pbx, office(pbx, tmp_path, audio_port=1) as at:
        customer, operator = pbx.channel("PJSIP/trunk"), pbx.channel("PJSIP/201")
        pbx.connect(customer, operator)
        await until(lambda: at.problems == ["asterisk_no_audio"])
        pbx.hang_up(customer, operator)
        await until(lambda: not pbx.own())
        assert at.desk.legs == []


async def test_who_hangs_up_first_leaves_nothing(tmp_path: Path) -> None:
    """The snoop finds nobody."""
    async with SimulatedAsterisk(refusals={"-snoop": 404}) as pbx, office(pbx, tmp_path) as at:
        customer, operator = pbx.channel("PJSIP/trunk"), pbx.channel("PJSIP/201")
        pbx.connect(customer, operator)
        await until(lambda: any("/snoop/" in path for _, path in pbx.asked))
        pbx.hang_up(customer, operator)
        await until(lambda: not at.tap._owners)
        assert pbx.own() == []
        assert at.counter("voices_failed") == 0


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"ari_password_file": "/nowhere/password"}, "/nowhere/password"),
        ({"audio_host": "0.0.0.0"}, "audio_host"),
    ],
)
async def test_what_cannot_work_is_told_at_once(tmp_path: Path, settings: dict[str, str], named: str) -> None:
    async with SimulatedAsterisk() as pbx:
        (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
        table = AsteriskTable.model_validate(
            {"ari_url": pbx.url, "ari_password_file": tmp_path / "password", **settings}
        )
        directory = LegDirectory(asyncio.get_running_loop().time)
        tap = AsteriskTap(Recorder(), directory, SIDES, table, lambda: ("127.0.0.1", 1))
        with pytest.raises(KikimoriError, match=named):
            await tap.listen()
        await tap.close()


async def test_numbers_and_names_are_not_logged(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with SimulatedAsterisk() as pbx, office(pbx, tmp_path) as at:
            customer, operator = await at.call()
            await at.speak({customer: np.zeros(160, "<i2").tobytes()})
            pbx.hang_up(customer, operator)
            await until(lambda: not pbx.own())
    assert any(each["event"] == "voice_copied" for each in logs)
    assert not any(secret in str(logs) for secret in ("0312345678", "山田", "佐藤", PASSWORD))
