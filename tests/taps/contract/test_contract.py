"""Contract of every tap: the same story gives the same events, whatever wire it comes on."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from structlog.testing import capture_logs
from tests.support.deadline import WITHIN_S
from tests.taps.contract.drivers import DRIVERS
from tests.taps.contract.office import CUSTOMER, OPERATOR, Office, open_office
from tests.taps.contract.sound import find, voice

from kikimori_core.model.call import EndReason, Party, Role
from kikimori_core.wire.messages import Problem
from kikimori_core.wire.topics import NAME_PATTERN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.taps.contract.driver import Driver

SUPERIOR = Party(number="200", name="木村")

ELSEWHERE = ("192.0.2.0/24",)

CLOSES_WITHIN_S = 60
"""Twenty times what `kikimori.taps.tap.Tap.close` promises: a busy machine must not fail a test."""

PAUSE_S = 2.5
LATE_S = 1.7
"""A gap that a tap tells by the clock is up to so much short: what was said before came faster than it is spoken, and a
tap must first be sure that it is no jitter."""


async def until(condition: Callable[[], object]) -> None:
    """Wait for what no desk is told, such as a counter."""
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110  (a counter sets no asyncio.Event)
            await asyncio.sleep(0.01)


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> Driver:
    return DRIVERS[request.param]()


@pytest_asyncio.fixture
async def office(driver: Driver, no_task_left: None) -> AsyncIterator[Office]:  # noqa: ARG001  (watches over all)
    async with open_office(driver) as opened:
        yield opened


@pytest_asyncio.fixture
async def closed_office(driver: Driver, no_task_left: None) -> AsyncIterator[Office]:  # noqa: ARG001
    """Loopback is not among its allowed peers."""
    async with open_office(driver, ELSEWHERE) as opened:
        yield opened


# --- who speaks


async def test_one_call_has_its_legs_under_one_name(office: Office) -> None:
    call = await office.call()
    infos = {role: leg.info for role, leg in call.legs.items()}
    assert {info.call.call_id for info in infos.values()} == {call.call_id}
    assert re.fullmatch(NAME_PATTERN, call.call_id)
    assert {info.call.tap for info in infos.values()} == {office.tap.name}
    assert {info.rate for info in infos.values()} == {office.abilities.rate}


async def test_two_calls_have_two_names(office: Office) -> None:
    one, two = await office.call(), await office.call()
    assert one.call_id != two.call_id


async def test_the_parties_are_told(office: Office) -> None:
    office.only_if(office.abilities.numbers, "numbers")
    call = await office.call()
    for leg in call.legs.values():
        told = leg.info.call
        assert (told.caller.number, told.operator.number) == (CUSTOMER.number, OPERATOR.number)
        if office.abilities.names:
            assert (told.caller.name, told.operator.name) == (CUSTOMER.name, OPERATOR.name)


# --- what is spoken


async def test_what_is_spoken_is_heard_on_its_own_leg(office: Office) -> None:
    call = await office.call()
    voices = await call.speak()
    for role, spoken in voices.items():
        for other, leg in call.legs.items():
            if other is not role:
                assert find(spoken, leg.timeline).snr_db < 1


async def test_calls_do_not_mix(office: Office) -> None:
    one, two = await office.call(), await office.call()
    for speaks, listens in ((one, two), (two, one)):
        for role, spoken in (await speaks.speak()).items():
            assert find(spoken, listens.legs[role].timeline).snr_db < 1


async def test_words_follow_each_other_without_a_hole(office: Office) -> None:
    """Words said in one breath are heard in one, wherever the network cut them."""
    call = await office.call()
    role = office.abilities.roles[0]
    rate = office.abilities.rate
    first, second = voice(1, 0.4, rate), voice(2, 0.4, rate)
    await call.peer.speak({role: first + second})
    await call.peer.speak({role: bytes(rate // 5 * 2)})
    await call.desk.until(lambda: call.hears(role, second))
    assert call.place(role, second) - call.place(role, first) == len(first) // 2


async def test_a_pause_on_the_wire_is_a_gap_and_not_a_shift(office: Office) -> None:
    """Media time goes on while nothing is sent."""
    call = await office.call()
    clock = asyncio.get_running_loop().time
    before = await call.speak()
    stopped = clock()
    await call.peer.pause(PAUSE_S)
    paused_s = max(clock() - stopped, PAUSE_S)
    after = await call.speak()
    for role in office.abilities.roles:
        passed = call.place(role, after[role]) - call.place(role, before[role])
        # Between the two there was the first voice and the silence that `speak` puts after it.
        extra_s = passed / office.abilities.rate - len(before[role]) / 2 / office.abilities.rate
        assert extra_s > paused_s - LATE_S
        assert extra_s < paused_s + LATE_S


# --- what happens in the call


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.OPERATOR])
async def test_keys_are_told_with_the_leg_they_were_pressed_on(office: Office, role: Role) -> None:
    office.only_if(role in office.abilities.keys, f"keys of the {role}")
    call = await office.call()

    def pressed(of: Role) -> str:
        beside = "".join(
            digit for call_id, by, digit in office.desk.keys if (call_id, by) == (call.call_id, of)
        )
        return call.legs[of].digits + beside

    for digit in "*91":
        await call.peer.key(role, digit)
    await office.desk.until(lambda: len(pressed(role)) >= 3)
    await call.speak()
    assert pressed(role) == "*91"
    assert [pressed(other) for other in call.legs if other is not role] == [""]


async def test_hold_and_its_end_are_told(office: Office) -> None:
    office.only_if(office.abilities.hold, "hold")
    call = await office.call()
    await call.peer.hold(on=True)
    await office.desk.until(lambda: office.desk.holds == [(call.call_id, True)])
    await call.peer.hold(on=False)
    await office.desk.until(lambda: office.desk.holds == [(call.call_id, True), (call.call_id, False)])
    await call.speak()


async def test_the_operator_may_change_while_the_call_stays(office: Office) -> None:
    office.only_if(office.abilities.replaces, "a change of the operator")
    call = await office.call()
    left = call.legs[Role.OPERATOR]
    await call.peer.replace_operator(SUPERIOR)
    await call.peer.speak(dict.fromkeys(office.abilities.roles, bytes(office.abilities.rate // 5 * 2)))
    await office.desk.until(lambda: left.ended and office.desk.legs[-1] is not left)
    came = office.desk.legs[-1]
    assert came is not left
    assert left.ended is EndReason.HUNG_UP
    assert came.info.call.call_id == call.call_id
    if office.abilities.numbers:
        assert came.info.call.operator.number == SUPERIOR.number
    assert call.legs[Role.CUSTOMER].ended is None
    call.legs[Role.OPERATOR] = came
    await call.speak()


# --- how it ends


async def test_hanging_up_ends_the_whole_call(office: Office) -> None:
    call, other = await office.call(), await office.call()
    await call.peer.hang_up()
    assert await call.ended() == {EndReason.HUNG_UP}
    await other.speak()


async def test_a_lost_connection_is_no_hang_up(office: Office) -> None:
    office.only_if(office.abilities.tells_loss, "the loss of a connection")
    call, other = await office.call(), await office.call()
    await call.peer.break_connection()
    assert await call.ended() == {EndReason.CONNECTION_LOST}
    await other.speak()


async def test_closing_ends_every_leg_in_time(office: Office) -> None:
    calls = [await office.call(), await office.call()]
    async with asyncio.timeout(CLOSES_WITHIN_S):
        await office.tap.close()
    assert {leg.ended for call in calls for leg in call.legs.values()} == {EndReason.SHUTDOWN}


async def test_closing_without_a_call(office: Office) -> None:
    async with asyncio.timeout(CLOSES_WITHIN_S):
        await office.tap.close()
    assert office.desk.legs == []


# --- bad peers


async def test_garbage_harms_nobody_else(office: Office) -> None:
    bad, good = await office.call(), await office.call()
    before = office.counted()
    with capture_logs() as logs:
        await bad.peer.garbage()
        if office.abilities.garbage_ends:
            assert await bad.ended() == {EndReason.PROTOCOL_ERROR}
        await until(lambda: office.counted() > before)
    if office.abilities.garbage_ends:
        assert any(each.get("reason") for each in logs)
    else:
        await bad.speak()
    await good.speak()


async def test_a_flood_harms_nobody_else(office: Office) -> None:
    bad, good = await office.call(), await office.call()
    before = office.counted()
    with capture_logs() as logs:
        await bad.peer.flood()
        if office.abilities.flood_ends:
            assert await bad.ended() == {EndReason.PROTOCOL_ERROR}
        await until(lambda: office.counted() > before)
    if office.abilities.flood_ends:
        assert any(each.get("reason") for each in logs)
    await good.speak()
    assert all(leg.ended is None for leg in good.legs.values())


async def test_strangers_are_refused_and_counted(closed_office: Office) -> None:
    closed_office.only_if(closed_office.abilities.listens, "strangers")
    times = await closed_office.driver.knock()
    await until(lambda: closed_office.counted("refused") >= times)
    assert closed_office.desk.legs == []


# --- what people are shown


async def test_counters_and_problems_are_well_formed(office: Office) -> None:
    call = await office.call()
    for name, number in office.tap.counters().items():
        assert re.fullmatch(NAME_PATTERN, name)
        assert name.startswith(office.tap.name.replace("-", "_")), name
        assert number >= 0
    for problem in office.tap.problems():
        assert isinstance(problem, Problem)
        assert problem.detail
        assert problem.remedy
    await call.speak()


async def test_addresses_are_real_ports(office: Office) -> None:
    assert bool(office.tap.addresses) >= office.abilities.listens
    for name, (host, port) in office.tap.addresses.items():
        assert name
        assert host
        assert 0 < port < 65536


async def test_logs_hold_no_numbers_and_no_names(office: Office) -> None:
    with capture_logs() as logs:
        call = await office.call()
        await call.peer.hang_up()
        await call.ended()
    for secret in (CUSTOMER.number, CUSTOMER.name, OPERATOR.name):
        assert str(secret) not in str(logs)
