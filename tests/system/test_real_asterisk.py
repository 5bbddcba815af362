"""The tap by ARI against a real Asterisk on loopback, with SIP telephones that each say one tone.

Runs where there is an Asterisk: `make asterisk` fetches one, or KIKIMORI_ASTERISK names a binary; skipped otherwise.
The dialplan knows nothing of Kikimori.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest
import pytest_asyncio
from tests.support.audio_socket import audio_socket_tap
from tests.support.deadline import WITHIN_S
from tests.support.desk_phone import DeskPhone
from tests.support.ports import free_port
from tests.support.real_asterisk import (
    MUSIC_HZ,
    Layout,
    RealAsterisk,
    asterisk_binary,
    needs_asterisk,
    running_asterisk,
)
from tests.support.recorder import RecordedLeg, Recorder
from tests.support.sip_phone import Habit

from kikimori.integrations.asterisk.ari import AriAwayError, AriClient, AriError
from kikimori.integrations.asterisk.settings import AsteriskTable
from kikimori.integrations.asterisk.tap.tap import AsteriskTap
from kikimori.taps.announced.directory import LegDirectory
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import EndReason, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from collections.abc import Set as AbstractSet
    from pathlib import Path

pytestmark = needs_asterisk

TONES = {"trunk": 440, "201": 1000, "202": 1200}
SIDES = SidesTable(customer_endpoints=("PJSIP/trunk*",), operator_endpoints=("PJSIP/2??",))
DIALPLAN = """
[office]
exten => _2XX,1,Dial(PJSIP/${EXTEN},30)
exten => 700,1,Answer()
 same => n,Queue(claims,t,,,60)
exten => 800,1,Answer()
 same => n,Queue(support,t,,,60)
exten => 810,1,Dial(Local/201@members,30)
exten => 820,1,Dial(Local/201@members&PJSIP/202,30)
[members]
exten => _2XX,1,Dial(PJSIP/${EXTEN},20)
"""
QUEUES = """
[claims]
strategy=ringall
member => PJSIP/201
[support]
strategy=ringall
member => Local/201@members/n
"""


class Office:
    """A real PBX with three telephones; `line` is the second line of 201."""

    def __init__(self, pbx: RealAsterisk, phones: dict[str, DeskPhone], client: AriClient) -> None:
        self.pbx = pbx
        self.customer, self.operator = phones["trunk"], phones["201"]
        self.superior, self.line = phones["202"], phones["line"]
        self.client = client

    async def call(self, extension: str = "201") -> None:
        self.customer.call(extension)
        await until(lambda: self.customer.in_call and self.operator.in_call)

    async def own(self) -> list[str]:
        """Return everything on the PBX that a tap made."""
        found = [*await self.client.get("/channels"), *await self.client.get("/bridges")]
        return [each["id"] for each in found if each["id"].startswith("kikimori-tap-")]

    async def own_are(self, count: int, without: AbstractSet[str] = frozenset()) -> None:
        """Wait until there are `count` of them, and none of `without`."""
        async with asyncio.timeout(WITHIN_S):
            while len(own := set(await self.own())) != count or own & without:  # noqa: ASYNC110  (it is asked)
                await asyncio.sleep(0.05)


class Heard:
    """A tap of it, with a desk that remembers."""

    def __init__(self, desk: Recorder, tap: AsteriskTap) -> None:
        self.desk = desk
        self.tap = tap

    async def connected(self) -> None:
        """Wait until it hears of what begins to ring."""
        await until(lambda: self.tap._was_connected)

    def legs(self, role: Role) -> list[RecordedLeg]:
        return [leg for leg in self.desk.legs if leg.info.role is role]

    async def tone(self, leg: RecordedLeg, hz: int) -> None:
        """Wait until a second more of this leg holds this tone and no other.

        On a busy machine telephones and Asterisk drop a packet now and then, and a tone with a hole is many tones.
        """
        wanted = len(leg.pcm) + 2 * leg.info.rate
        await self.desk.until(lambda: len(leg.pcm) >= wanted and self._holds_only(leg, hz))

    @staticmethod
    def _holds_only(leg: RecordedLeg, hz: int) -> bool:
        samples = np.frombuffer(bytes(leg.pcm[-leg.info.rate :]), "<i2").astype(float)
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        step = leg.info.rate / len(samples)
        others = [other for other in TONES.values() if other != hz]
        return abs(float(np.argmax(spectrum)) * step - hz) <= 4 and all(
            spectrum[round(other / step)] < spectrum.max() / 100 for other in others
        )


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    ports = {name: free_port() for name in TONES}
    layout = Layout(ports, DIALPLAN, {"queues.conf": QUEUES})
    async with running_asterisk(tmp_path / "pbx", layout) as pbx, AsyncExitStack() as stack:
        lines = {
            **{name: (name, port) for name, port in ports.items()},
            "line": ("201", free_port()),
        }
        phones = {
            key: await stack.enter_async_context(DeskPhone(name, port, pbx.sip_port, TONES[name]))
            for key, (name, port) in lines.items()
        }
        (tmp_path / "password").write_text(pbx.password, encoding="utf-8")
        client = AriClient(table(pbx, tmp_path))
        yield Office(pbx, phones, client)
        await client.close()


@asynccontextmanager
async def tapped(office: Office, folder: Path, rate: int = 8000) -> AsyncIterator[Heard]:
    desk = Recorder()
    directory = LegDirectory(asyncio.get_running_loop().time)
    audio = audio_socket_tap(desk, directory)
    tap = AsteriskTap(desk, directory, SIDES, table(office.pbx, folder, rate), lambda: audio.server.address)
    await audio.listen()
    await tap.listen()
    running = [asyncio.create_task(audio.run()), asyncio.create_task(tap.run())]
    try:
        yield Heard(desk, tap)
    finally:
        await asyncio.gather(audio.close(), tap.close())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def table(pbx: RealAsterisk, folder: Path, rate: int = 8000) -> AsteriskTable:
    return AsteriskTable.model_validate(
        {
            "tap": True,
            "ari_url": pbx.ari_url,
            "ari_user": pbx.user,
            "ari_password_file": folder / "password",
            "rate": rate,
        }
    )


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110  (telephones announce themselves to nobody)
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("rate", [8000, 16000])
async def test_voices_hold_and_keys(office: Office, tmp_path: Path, rate: int) -> None:
    async with tapped(office, tmp_path, rate) as heard:
        await office.call()
        await heard.desk.until(lambda: len(heard.desk.legs) == 2)
        [customer], [operator] = heard.legs(Role.CUSTOMER), heard.legs(Role.OPERATOR)
        await heard.tone(customer, TONES["trunk"])
        await heard.tone(operator, TONES["201"])
        office.operator.hold()
        await until(lambda: office.customer.hears() == {MUSIC_HZ})
        office.operator.resume()
        await until(lambda: office.customer.hears() == {TONES["201"]})
        office.operator.press("*")
        await heard.desk.until(lambda: len(heard.desk.keys) == 1)
        office.operator.press("9")
        await heard.desk.until(lambda: len(heard.desk.keys) == 2)
        office.customer.hang_up()
        await heard.desk.until(lambda: all(leg.ended for leg in heard.desk.legs))
        await until(lambda: not office.operator.in_call)
        await office.own_are(0)
    assert customer.info.rate == rate
    assert customer.info.call == operator.info.call
    call_id = customer.info.call.call_id
    assert heard.desk.holds == [(call_id, True), (call_id, False)]
    assert heard.desk.keys == [(call_id, Role.OPERATOR, "*"), (call_id, Role.OPERATOR, "9")]
    assert {leg.ended for leg in heard.desk.legs} == {EndReason.HUNG_UP}
    assert sum(leg.gap_samples for leg in heard.desk.legs) == 0


@pytest.mark.parametrize("extension", ["201", "700", "800", "810"])
async def test_a_telephone_that_rings_is_told_before_it_answers(
    office: Office, tmp_path: Path, extension: str
) -> None:
    office.operator.habit = Habit.RING
    async with tapped(office, tmp_path) as heard:
        await heard.connected()
        office.customer.call(extension)
        await until(lambda: office.operator.ringing)
        await heard.desk.until(lambda: heard.desk.rings)
        (call, phones, answered) = heard.desk.rings[0]
        assert (phones, answered, heard.desk.legs) == (("201",), False, [])
        office.operator.answer()
        await heard.desk.until(lambda: len(heard.desk.legs) == 2)
        assert heard.desk.rings[-1][1:] == (("201",), True)
        assert {leg.info.call.call_id for leg in heard.desk.legs} == {call.call_id}
        office.customer.hang_up()
        await heard.desk.until(lambda: heard.desk.rung_out == [call.call_id])


async def test_two_telephones_that_ring_for_a_caller_who_gives_up(office: Office, tmp_path: Path) -> None:
    office.operator.habit = office.superior.habit = Habit.RING
    async with tapped(office, tmp_path) as heard:
        await heard.connected()
        office.customer.call("820")
        await heard.desk.until(lambda: any(set(each[1]) == {"201", "202"} for each in heard.desk.rings))
        office.customer.hang_up()
        await heard.desk.until(lambda: heard.desk.rung_out)
        await until(lambda: not office.operator.ringing and not office.superior.ringing)
    assert {each[0].call_id for each in heard.desk.rings} == set(heard.desk.rung_out)
    assert heard.desk.legs == []


async def test_a_telephone_that_nobody_answers_rings_no_more(office: Office, tmp_path: Path) -> None:
    """The first declines, the second answers: one call, at the second."""
    office.operator.habit = office.superior.habit = Habit.RING
    async with tapped(office, tmp_path) as heard:
        await heard.connected()
        office.customer.call("820")
        await heard.desk.until(lambda: any(set(each[1]) == {"201", "202"} for each in heard.desk.rings))
        office.operator.reject()
        await heard.desk.until(lambda: heard.desk.rings[-1][1] == ("202",))
        office.superior.answer()
        await heard.desk.until(lambda: len(heard.desk.legs) == 2)
        assert heard.desk.rings[-1][1:] == (("202",), True)


async def test_telephones_that_call_each_other_ring_for_nobody(office: Office, tmp_path: Path) -> None:
    office.superior.habit = Habit.RING
    async with tapped(office, tmp_path) as heard:
        await heard.connected()
        office.operator.call("202")
        await until(lambda: office.superior.ringing)
        office.superior.answer()
        await until(lambda: office.superior.in_call and office.operator.in_call)
        office.customer.call("201")
        office.operator.hang_up()
        await until(lambda: not office.superior.in_call)
    assert [each for each in heard.desk.rings if "202" in each[1]] == []


async def test_asterisk_that_is_gone_rings_no_more(office: Office, tmp_path: Path) -> None:
    office.operator.habit = Habit.RING
    async with tapped(office, tmp_path) as heard:
        await heard.connected()
        office.customer.call("201")
        await heard.desk.until(lambda: heard.desk.rings)
        await office.pbx.die()
        await heard.desk.until(lambda: heard.desk.rings[-1][1] == ())


async def test_a_blind_transfer_stays_one_call(office: Office, tmp_path: Path) -> None:
    async with tapped(office, tmp_path) as heard:
        await office.call()
        await heard.desk.until(lambda: len(heard.desk.legs) == 2)
        office.operator.transfer("202")
        await heard.desk.until(lambda: len(heard.desk.legs) == 3)
        await heard.tone(heard.legs(Role.OPERATOR)[1], TONES["202"])
        assert_one_call(heard)


async def test_an_attended_transfer_stays_one_call(office: Office, tmp_path: Path) -> None:
    """The operator asks the superior first, on a second line; that conversation is nobody's business."""
    async with tapped(office, tmp_path) as heard:
        await office.call()
        await heard.desk.until(lambda: len(heard.desk.legs) == 2)
        office.operator.hold()
        await heard.desk.until(lambda: heard.desk.holds)
        office.line.call("202")
        await until(lambda: office.line.in_call and office.superior.in_call)
        assert len(heard.desk.legs) == 2
        office.operator.join(office.line, "202")
        await heard.desk.until(lambda: len(heard.desk.legs) == 3)
        await heard.tone(heard.legs(Role.OPERATOR)[1], TONES["202"])
        await until(lambda: office.customer.hears() == {TONES["202"]})
        assert_one_call(heard)
        assert [on for _, on in heard.desk.holds] == [True, False]


def assert_one_call(heard: Heard) -> None:
    [customer], [operator, superior] = heard.legs(Role.CUSTOMER), heard.legs(Role.OPERATOR)
    assert customer.ended is None
    assert operator.ended is EndReason.HUNG_UP
    assert customer.gap_samples == 0
    assert superior.info.call.operator.number == "202"
    assert len({leg.info.call.call_id for leg in heard.desk.legs}) == 1


@pytest.mark.parametrize(("extension", "queue"), [("700", "claims"), ("800", "support"), ("810", None)])
async def test_queues_and_local_channels(
    office: Office, tmp_path: Path, extension: str, queue: str | None
) -> None:
    """However many channels Asterisk puts between them, it is the telephones that are heard."""
    async with tapped(office, tmp_path) as heard:
        await office.call(extension)
        await heard.desk.until(lambda: len(heard.desk.legs) == 2)
        [customer], [operator] = heard.legs(Role.CUSTOMER), heard.legs(Role.OPERATOR)
        await heard.tone(customer, TONES["trunk"])
        await heard.tone(operator, TONES["201"])
        assert operator.ended is None
    call = customer.info.call
    assert (call.caller.number, call.operator.number, call.queue) == ("trunk", "201", queue)


async def test_asterisk_crashes_and_comes_back(office: Office, tmp_path: Path) -> None:
    async with tapped(office, tmp_path) as heard:
        await office.call()
        await heard.desk.until(lambda: len(heard.desk.legs) == 2)
        office.pbx.process.kill()
        await heard.desk.until(lambda: all(leg.ended for leg in heard.desk.legs))
        await until(lambda: [each.code for each in heard.tap.problems()] == ["asterisk_unreachable"])
        async with again(office.pbx):
            await until(lambda: not heard.tap.problems())
            # The telephones were told nothing.
            office.customer.hang_up()
            office.operator.hang_up()
            await office.call()
            await heard.desk.until(lambda: len(heard.desk.legs) == 4)
            await office.own_are(6)


@asynccontextmanager
async def again(pbx: RealAsterisk) -> AsyncIterator[None]:
    """Start it with the same configuration."""
    await pbx.process.wait()
    process = await asyncio.create_subprocess_exec(
        *(str(asterisk_binary()), "-f", "-n", "-C", str(pbx.folder / "etc" / "asterisk.conf")),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def test_a_killed_agent_is_not_felt_and_leaves_nothing(office: Office, tmp_path: Path) -> None:
    """SIGKILL in the middle of a call: it goes on; the next start tidies up and hears the call again."""
    await office.call()
    async with agent_program(office.pbx, tmp_path) as agent:
        await office.own_are(6)
        agent.kill()
        await agent.wait()
    await until(lambda: office.customer.hears() == {TONES["201"]})
    left = set(await office.own())
    assert left
    async with agent_program(office.pbx, tmp_path) as agent:
        await office.own_are(6, without=left)
        agent.terminate()
        assert await agent.wait() == 0
    await office.own_are(0)
    await until(lambda: office.customer.hears() == {TONES["201"]})
    assert office.operator.in_call


@asynccontextmanager
async def agent_program(pbx: RealAsterisk, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`kikimori agent` as a process of its own, without a broker."""
    config = folder / "kikimori.toml"
    config.write_text(
        f"""
state_dir = "{folder / "state"}"
[mqtt]
port = {free_port()}
[audiosocket]
port = {free_port()}
announce_port = {free_port()}
[asterisk]
tap = true
ari_url = "{pbx.ari_url}"
ari_password_file = "{folder / "password"}"
[sides]
customer_endpoints = ["PJSIP/trunk*"]
[speech]
enabled = false
""",
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kikimori", "agent", "--config", str(config), "--log-format", "json"),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    said: list[bytes] = []
    try:
        try:
            async with asyncio.timeout(WITHIN_S):
                while not said or b'"asterisk_connected"' not in said[-1]:
                    said.append(await process.stderr.readuntil())
        except (TimeoutError, asyncio.IncompleteReadError):
            pytest.fail(b"".join(said).decode())
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_reader_is_told_that_reading_is_not_enough(office: Office, tmp_path: Path) -> None:
    """The user of ari.conf is made read-only while we run."""
    conf = office.pbx.folder / "etc" / "ari.conf"
    conf.write_text(conf.read_text("utf-8").replace("read_only=no", "read_only=yes"), encoding="utf-8")
    await office.pbx.cli("module reload res_ari.so")
    with pytest.raises(AriError):
        await office.client.delete("/channels/nobody")
    async with tapped(office, tmp_path) as heard:
        await until(lambda: [each.code for each in heard.tap.problems()] == ["asterisk_read_only"])


async def test_an_asterisk_that_is_not_there(office: Office) -> None:
    await office.pbx.cli("core stop now")
    await office.pbx.process.wait()
    with pytest.raises(AriAwayError):
        await office.client.get("/channels")
