"""The tap and the control on a real FreeSWITCH on loopback, with SIP telephones that each say one tone.

Runs where KIKIMORI_FREESWITCH names an installation with mod_audio_fork or mod_audio_stream, with each that is there;
skipped otherwise. Not in CI: FreeSWITCH is not in Debian.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest
import pytest_asyncio
from tests.support.deadline import WITHIN_S
from tests.support.desk_phone import DeskPhone
from tests.support.ports import free_port
from tests.support.real_freeswitch import (
    MUSIC_HZ,
    RealFreeSwitch,
    needs_freeswitch,
    running_freeswitch,
    streamers,
)
from tests.support.recorder import RecordedLeg, Recorder
from tests.support.wire import Wire
from tests.system.conftest import until

from kikimori.control.pbx_control import PbxRequest
from kikimori.control.pbx_settings import ControlSettings
from kikimori.integrations.freeswitch.control.control import FreeSwitchControl
from kikimori.integrations.freeswitch.settings import FreeSwitchTable
from kikimori.integrations.freeswitch.tap.tap import FreeSwitchTap
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import EndReason, Role
from kikimori_core.wire.messages import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = needs_freeswitch

CUSTOMER = "0355550142"
TONES = {CUSTOMER: 440, "204": 1000, "205": 1200}
SIDES = SidesTable(operator_numbers=("2??",))
by_module = pytest.mark.parametrize("module", streamers())


class Office:
    """A real PBX and three telephones."""

    def __init__(self, pbx: RealFreeSwitch, phones: dict[str, DeskPhone]) -> None:
        self.pbx = pbx
        self.customer, self.operator, self.superior = (phones[name] for name in TONES)

    async def call(self, extension: str = "204") -> None:
        self.customer.call(extension)
        await until(lambda: self.customer.in_call and self.operator.in_call)

    async def streams(self, channel: str | None) -> int:
        """Return how many listeners FreeSWITCH has on a channel."""
        return (await self.pbx.esl.api(f"uuid_buglist {channel}")).count("<function>")

    async def talking(self) -> None:
        await until(lambda: self.customer.hears() == {TONES["204"]})
        await until(lambda: self.operator.hears() == {TONES[CUSTOMER]})


class Heard:
    """A tap of it, with a desk that remembers."""

    def __init__(self, desk: Recorder, tap: FreeSwitchTap) -> None:
        self.desk = desk
        self.tap = tap

    async def legs(self, count: int = 2) -> list[RecordedLeg]:
        """Wait for so many legs; the customer's first."""
        await self.desk.until(lambda: len(self.desk.legs) == count)
        return sorted(self.desk.legs, key=lambda leg: leg.info.role is not Role.CUSTOMER)

    async def tones(self, leg: RecordedLeg, *expected: int) -> None:
        """Wait for a second more of this leg, and see that it holds these tones of the telephones and no others."""
        wanted = len(leg.pcm) + 2 * leg.info.rate
        await self.desk.until(lambda: len(leg.pcm) >= wanted)
        samples = np.frombuffer(bytes(leg.pcm[-leg.info.rate * 2 :]), "<i2")[: leg.info.rate].astype(float)
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        peaks = {hz for hz in (*TONES.values(), MUSIC_HZ) if spectrum[hz] > spectrum.max() / 50}
        assert peaks == set(expected)


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    ports = {name: free_port() for name in TONES}
    async with running_freeswitch(tmp_path / "pbx", ports) as pbx, AsyncExitStack() as stack:
        phones = {
            name: await stack.enter_async_context(DeskPhone(name, port, pbx.sip_port, TONES[name]))
            for name, port in ports.items()
        }
        yield Office(pbx, phones)


def table(pbx: RealFreeSwitch, module: str, mode: str = "stereo", rate: int = 8000) -> FreeSwitchTable:
    return FreeSwitchTable.model_validate(
        {
            "tap": True,
            "esl_port": pbx.esl_port,
            "esl_password_file": pbx.password_file,
            "module": module,
            "mode": mode,
            "rate": rate,
            "media_port": 0,
            "dial": "user/{target}@127.0.0.1",
        }
    )


@asynccontextmanager
async def tapped(settings: FreeSwitchTable) -> AsyncIterator[Heard]:
    desk = Recorder()
    tap = FreeSwitchTap(desk, settings, SIDES)
    await tap.listen()
    running = asyncio.create_task(tap.run())
    try:
        await until(lambda: tap.esl is not None and tap.esl.up)
        yield Heard(desk, tap)
    finally:
        await tap.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def controlled(settings: FreeSwitchTable, folder: Path) -> AsyncIterator[FreeSwitchControl]:
    control = FreeSwitchControl(
        settings,
        ControlSettings(
            superior="205",
            ring_s=5,
            longest_hold_s=60,
            after_hold="operator",
            keep_operator=False,
            announcements=(),
            dial=settings.dial,
            music=settings.music,
            book=folder / "held.json",
        ),
    )
    running = asyncio.create_task(control.run())
    try:
        await until(lambda: control.connected)
        yield control
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("mode", ["stereo", "mono"])
@by_module
async def test_each_voice_is_on_a_leg_of_its_own(office: Office, module: str, mode: str, rate: int) -> None:
    async with tapped(table(office.pbx, module, mode, rate)) as heard:
        await office.call()
        customer, operator = await heard.legs()
        await heard.tones(customer, TONES[CUSTOMER])
        await heard.tones(operator, TONES["204"])
        call = customer.info.call
        assert (call.caller.number, call.operator.number, customer.info.rate) == (CUSTOMER, "204", rate)
        assert call.call_id == operator.info.call.call_id
        office.operator.press("*")
        await heard.desk.until(lambda: heard.desk.keys)
        office.customer.hang_up()
        await heard.desk.until(lambda: customer.ended and operator.ended)
        assert {customer.ended, operator.ended} == {EndReason.HUNG_UP}
        assert heard.desk.keys == [(call.call_id, Role.OPERATOR, "*")]
        assert heard.tap.counters()["freeswitch_protocol_errors"] == 0
        assert heard.tap.problems() == ()


@by_module
async def test_hold_with_music_back_and_transfer_by_control(
    office: Office, tmp_path: Path, module: str
) -> None:
    settings = table(office.pbx, module)
    async with tapped(settings) as heard, controlled(settings, tmp_path) as control:
        await office.call()
        customer, operator = await heard.legs()
        call = customer.info.call

        async def press(action: Action, *, keep: bool = True) -> None:
            request = PbxRequest(action, call, "205", keep_operator=keep)
            answer = await control.carry_out(request, lambda _: None)
            assert answer.outcome is Outcome.DONE, answer

        await press(Action.HOLD)
        await until(lambda: office.customer.hears() == {MUSIC_HZ})
        await until(lambda: office.operator.hears() == set())
        await heard.tones(customer, TONES[CUSTOMER])
        await press(Action.UNHOLD)
        await office.talking()
        await heard.tones(operator, TONES["204"])
        await press(Action.HOLD_TRANSFER, keep=False)
        await until(lambda: office.customer.hears() == {TONES["205"]})
        customer, *_, superior = await heard.legs(3)
        await heard.tones(superior, TONES["205"])
        await heard.tones(customer, TONES[CUSTOMER])
        assert superior.info.call.operator.number == "205"
        await until(lambda: not office.operator.in_call)


@by_module
async def test_the_operators_own_telephone_holds_and_transfers(office: Office, module: str) -> None:
    async with tapped(table(office.pbx, module)) as heard:
        await office.call()
        customer, operator = await heard.legs()
        office.operator.hold()
        await heard.desk.until(lambda: len(heard.desk.holds) == 1)
        await until(lambda: office.customer.hears() == {MUSIC_HZ})
        await heard.tones(customer, TONES[CUSTOMER])
        office.operator.resume()
        await heard.desk.until(lambda: len(heard.desk.holds) == 2)
        await office.talking()
        await heard.tones(operator, TONES["204"])
        office.operator.transfer("205")
        customer, *_, other = await heard.legs(3)
        await heard.tones(other, TONES["205"])
        assert (customer.ended, operator.ended) == (None, EndReason.HUNG_UP)
        assert [on for _, on in heard.desk.holds] == [True, False]


@pytest.mark.parametrize("mode", ["stereo", "mono"])
@by_module
async def test_a_closed_tap_leaves_the_call_and_nothing_else(office: Office, module: str, mode: str) -> None:
    async with tapped(table(office.pbx, module, mode)) as heard:
        await office.call()
        customer, operator = await heard.legs()
        call = customer.info.call
        assert await office.streams(call.channel) == 1
    assert {customer.ended, operator.ended} == {EndReason.SHUTDOWN}
    assert await office.streams(call.channel) == await office.streams(call.operator_channel) == 0
    office.customer.forget_sound()
    office.operator.forget_sound()
    await office.talking()


@by_module
async def test_a_lost_stream_comes_again_on_the_same_leg(office: Office, module: str) -> None:
    """The agent's side of the connection dies; FreeSWITCH keeps a listener that leads nowhere."""
    async with tapped(table(office.pbx, module)) as heard:
        await office.call()
        customer, operator = await heard.legs()
        await heard.tones(customer, TONES[CUSTOMER])
        for stream in list(heard.tap.media.limiter.admitted):
            assert stream.socket._req is not None
            assert stream.socket._req.transport is not None
            stream.socket._req.transport.abort()
        await heard.desk.until(lambda: customer.gap_samples)
        await heard.tones(customer, TONES[CUSTOMER])
        await heard.tones(operator, TONES["204"])
        assert len(heard.desk.legs) == 2
        assert await office.streams(customer.info.call.channel) == 1


@by_module
async def test_a_lost_event_socket_does_not_disturb_the_sound(office: Office, module: str) -> None:
    """Events during the loss are seen afterwards: another operator, the end."""
    async with (
        Wire(office.pbx.esl_port) as wire,
        tapped(table(office.pbx, module).model_copy(update={"esl_port": wire.port})) as heard,
    ):
        await office.call()
        customer, operator = await heard.legs()
        esl = heard.tap.esl
        assert esl is not None
        wire.cut()
        await until(lambda: not esl.up)
        await heard.tones(customer, TONES[CUSTOMER])
        await heard.tones(operator, TONES["204"])
        office.operator.transfer("205")
        await until(lambda: office.customer.hears() == {TONES["205"]})
        wire.mend()
        customer, *_, other = await heard.legs(3)
        await heard.tones(other, TONES["205"])
        assert (customer.ended, operator.ended) == (None, EndReason.HUNG_UP)
        assert other.info.call.operator.number == "205"
        assert await office.streams(customer.info.call.channel) == 1
        wire.cut()
        office.customer.hang_up()
        await until(lambda: not office.superior.in_call)
        wire.mend()
        await heard.desk.until(lambda: customer.ended and other.ended)
        assert len(heard.desk.legs) == 3


@by_module
async def test_a_killed_agent_is_not_felt_and_a_new_one_hears_the_call(
    office: Office, tmp_path: Path, module: str
) -> None:
    """SIGKILL in the middle of a call."""
    await office.call()
    settings = table(office.pbx, module)
    async with listening_agent(office.pbx, tmp_path, module) as agent:
        agent.kill()
        await agent.wait()
    office.customer.forget_sound()
    office.operator.forget_sound()
    await office.talking()
    async with tapped(settings) as heard:
        customer, operator = await heard.legs()
        await heard.tones(customer, TONES[CUSTOMER])
        await heard.tones(operator, TONES["204"])
        assert await office.streams(customer.info.call.channel) == 1


@asynccontextmanager
async def listening_agent(
    pbx: RealFreeSwitch, folder: Path, module: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`kikimori agent` as a process of its own, without a broker, as soon as it hears both sides."""
    config = folder / "kikimori.toml"
    config.write_text(
        f"""
state_dir = "{folder / "state"}"
[mqtt]
port = {free_port()}
[audiosocket]
enabled = false
[freeswitch]
tap = true
esl_port = {pbx.esl_port}
esl_password_file = "{pbx.password_file}"
module = "{module}"
media_port = {free_port()}
[sides]
operator_numbers = ["2??"]
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
                while b"".join(said).count(b'"leg_opened"') < 2:
                    said.append(await process.stderr.readuntil())
        except (TimeoutError, asyncio.IncompleteReadError):
            pytest.fail(b"".join(said).decode())
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("role", ["stereo", "mixed"])
@by_module
async def test_a_dialplan_starts_the_stream_itself(tmp_path: Path, module: str, role: str) -> None:
    secret = tmp_path / "token"
    secret.write_text("s3cret\n", encoding="utf-8")
    desk = Recorder()
    settings = FreeSwitchTable.model_validate(
        {"tap": True, "module": module, "media_token_file": secret, "media_port": 0}
    )
    tap = FreeSwitchTap(desk, settings, SIDES)
    await tap.listen()
    running = asyncio.create_task(tap.run())
    name = " kikimori" if module == "audio_fork" else ""
    order = f"ws://127.0.0.1:{tap.media.address[1]}/v1/dialplan/s3cret {role} 8000{name}"
    said = f'{{"call":"${{uuid}}","role":"{role}","caller":"${{caller_id_number}}","operator":"$1","channel":"${{uuid}}"}}'
    dialplan = f"""<extension name="streamed"><condition field="destination_number" expression="^(204)$">
<action application="set"><![CDATA[api_on_answer=uuid_{module} ${{uuid}} start {order} {said}]]></action>
<action application="bridge" data="user/204@127.0.0.1"/></condition></extension>"""
    ports = {name: free_port() for name in TONES}
    heard = Heard(desk, tap)
    try:
        async with (
            running_freeswitch(tmp_path / "pbx", ports, dialplan) as pbx,
            DeskPhone(CUSTOMER, ports[CUSTOMER], pbx.sip_port, TONES[CUSTOMER]) as customer,
            DeskPhone("204", ports["204"], pbx.sip_port, TONES["204"]) as operator,
        ):
            customer.call("204")
            await until(lambda: customer.in_call and operator.in_call)
            legs = await heard.legs(2 if role == "stereo" else 1)
            if role == "stereo":
                await heard.tones(legs[0], TONES[CUSTOMER])
                await heard.tones(legs[1], TONES["204"])
            else:
                await heard.tones(legs[0], TONES[CUSTOMER], TONES["204"])
            assert legs[0].info.call.caller.number == CUSTOMER
            customer.hang_up()
            await desk.until(lambda: all(leg.ended for leg in legs))
            assert {leg.ended for leg in legs} == {EndReason.HUNG_UP}
    finally:
        await tap.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
