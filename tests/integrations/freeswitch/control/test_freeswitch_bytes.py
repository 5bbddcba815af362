"""Control of FreeSWITCH against what a real one sent (`data/*.esl`), and the committed peer held against the same."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.deadline import WITHIN_S
from tests.support.freeswitch.controlled import control_settings
from tests.support.freeswitch.switch import Switch
from tests.support.freeswitch.transcript import EslPeer, exchanges, write_transcript
from tests.support.wire import Wire

from kikimori.control.pbx_control import PbxRequest
from kikimori.integrations.freeswitch.control.control import FreeSwitchControl
from kikimori.integrations.freeswitch.settings import FreeSwitchTable
from kikimori_core.model.call import CallInfo
from kikimori_core.wire.messages import Action, CallStatus, Outcome, Party

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

DATA = Path(__file__).parent / "data"
DONE, FAILED = (Outcome.DONE, None), Outcome.FAILED
TALKING, ON_HOLD, TRANSFERRED = CallStatus.TALKING, CallStatus.ON_HOLD, CallStatus.TRANSFERRED


class Desk:
    """Presses buttons, remembers what was told of the call."""

    def __init__(self, control: FreeSwitchControl, customer: str) -> None:
        self.control = control
        self.told: list[CallStatus] = []
        self.call = CallInfo(
            "c1", "test", caller=Party(number="0355550142"), operator=Party(number="204"), channel=customer
        )

    async def press(
        self,
        action: Action,
        target: str = "200",
        *,
        keep: bool | None = None,
        announcement: str | None = None,
    ) -> tuple[Outcome, str | None]:
        request = PbxRequest(action, self.call, target, keep, announcement)
        answer = await self.control.carry_out(request, self.told.append)
        return answer.outcome, answer.reason

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition():  # noqa: ASYNC110  (of several objects)
                await asyncio.sleep(0.01)


@asynccontextmanager
async def desk_at(port: int, folder: Path, customer: str) -> AsyncIterator[Desk]:
    (folder / "password").write_text("not-a-secret\n", encoding="utf-8")
    table = FreeSwitchTable(esl_port=port, esl_password_file=folder / "password")
    desk = Desk(FreeSwitchControl(table, control_settings(folder)), customer)
    running = asyncio.create_task(desk.control.run())
    try:
        await desk.until(lambda: desk.control.connected)
        yield desk
    finally:
        running.cancel()
        await asyncio.wait([running])


@asynccontextmanager
async def played(scenario: str, folder: Path) -> AsyncIterator[Desk]:
    transcript = DATA / f"{scenario}.esl"
    customer = next(each.line.split()[2] for each in exchanges(transcript) if "uuid_exists" in each.command)
    folder.joinpath("sound.wav").touch()
    async with EslPeer(transcript, hidden=str(folder)) as peer, desk_at(peer.port, folder, customer) as desk:
        yield desk
        await desk.until(lambda: not peer.unused)
    assert peer.unknown == []


async def test_hold(tmp_path: Path) -> None:
    async with played("hold", tmp_path) as desk:
        for action in (Action.HOLD, Action.UNHOLD, Action.HOLD, Action.HANG_UP):
            assert await desk.press(action) == DONE
        assert desk.told == [ON_HOLD, TALKING, ON_HOLD]


async def test_attended(tmp_path: Path) -> None:
    async with played("attended", tmp_path) as desk:
        assert await desk.press(Action.HOLD_TRANSFER) == DONE
        assert await desk.press(Action.TAKE_BACK) == DONE
        assert await desk.press(Action.HOLD_TRANSFER) == DONE
        # The superior hangs up.
        await desk.until(lambda: desk.told == [ON_HOLD, TRANSFERRED, TALKING] * 2)
        assert await desk.press(Action.HOLD_TRANSFER, keep=False) == DONE
        assert await desk.press(Action.TAKE_BACK) == DONE
        assert desk.told[6:] == [ON_HOLD, TRANSFERRED, ON_HOLD, TALKING]


async def test_not_answered(tmp_path: Path) -> None:
    async with played("not_answered", tmp_path) as desk:
        for reason in ("busy", "declined", "no_answer", "no_answer"):
            assert await desk.press(Action.HOLD_TRANSFER) == (FAILED, reason)
        assert await desk.press(Action.HOLD_TRANSFER, "777") == (FAILED, "no_such_extension")
        assert desk.told == [ON_HOLD, TALKING] * 5


async def test_blind(tmp_path: Path) -> None:
    async with played("blind", tmp_path) as desk:
        assert await desk.press(Action.TRANSFER) == DONE
        await desk.until(lambda: desk.told == [ON_HOLD, TRANSFERRED])
        assert await desk.press(Action.TAKE_BACK) == DONE
        assert await desk.press(Action.TRANSFER) == (FAILED, "busy")
        assert await desk.press(Action.TRANSFER, keep=False) == DONE
        await desk.until(
            lambda: desk.told == [ON_HOLD, TRANSFERRED, TALKING, ON_HOLD, TALKING, ON_HOLD, TRANSFERRED]
        )


async def test_beside(tmp_path: Path) -> None:
    async with played("beside", tmp_path) as desk:
        assert await desk.press(Action.LISTEN, "205") == DONE
        assert await desk.press(Action.WHISPER, "205") == (FAILED, "declined")
        assert await desk.press(Action.ANNOUNCE) == DONE
        assert await desk.press(Action.ANNOUNCE, announcement="missing") == (FAILED, "no_such_file")


async def test_the_customer_leaves(tmp_path: Path) -> None:
    async with played("customer_leaves", tmp_path) as desk:
        assert await desk.press(Action.HOLD_TRANSFER) == (FAILED, "customer_hung_up")


# --- the committed peer


def story(transcript: Path) -> list[tuple[str, ...]]:
    """Return what events told of each order, without names and times: comparable from run to run."""
    names: dict[str, str] = {"": "", "customer": "customer"}
    orders: dict[str, str] = {"": ""}
    found = []
    for exchange in exchanges(transcript):
        words = exchange.line.split()
        if "uuid_exists" in words and len(names) == 2:
            names[words[2]] = "customer"
        for order in _orders(exchange.line):
            orders.setdefault(order, f"order {len(orders)}")
        for each in exchange.reactions:
            event = each.get("event")
            if not isinstance(event, dict):
                continue
            order = event.get("variable_kikimori_order", "") or event.get("Kikimori-Order", "")
            if not order:
                continue
            found.append(
                (
                    orders[order],
                    event["Event-Name"],
                    "customer" if names.get(event["Unique-ID"]) else "telephone",
                    event.get("variable_kikimori_step", ""),
                    event.get("Kikimori-Cause", "") or event.get("Hangup-Cause", ""),
                )
            )
    return sorted(found)


def _orders(line: str) -> list[str]:
    return [each[:16] for each in line.split("kikimori_order=")[1:]]


def joined(switch: Switch) -> bool:
    """Return whether the operator takes part in the superior's talk."""
    return any(each.hears is not None for each in switch.channels.values())


async def pressed_on_hold(desk: Desk, switch: Switch) -> None:
    del switch
    for action in (Action.HOLD, Action.UNHOLD, Action.HOLD, Action.HANG_UP):
        await desk.press(action)


async def pressed_attended(desk: Desk, switch: Switch) -> None:
    await desk.press(Action.HOLD_TRANSFER)
    await desk.until(lambda: joined(switch))
    await desk.press(Action.TAKE_BACK)
    await desk.press(Action.HOLD_TRANSFER)
    await desk.until(lambda: joined(switch))
    switch.end(next(each for each in switch.channels.values() if each.number == "200"))
    await desk.until(lambda: desk.told[-1] is TALKING)
    await desk.press(Action.HOLD_TRANSFER, keep=False)
    await desk.press(Action.TAKE_BACK)


async def pressed_not_answered(desk: Desk, switch: Switch) -> None:
    for behaves in ("busy", "declines", "rings", "dead"):
        switch.phones["200"] = behaves
        await desk.press(Action.HOLD_TRANSFER)
    await desk.press(Action.HOLD_TRANSFER, "777")


async def pressed_blind(desk: Desk, switch: Switch) -> None:
    await desk.press(Action.TRANSFER)
    await desk.until(lambda: joined(switch))
    await desk.press(Action.TAKE_BACK)
    switch.phones["200"] = "busy"
    await desk.press(Action.TRANSFER)
    switch.phones["200"] = "answers"
    await desk.press(Action.TRANSFER, keep=False)
    await desk.until(lambda: desk.told[-1] is TRANSFERRED)


async def pressed_customer_leaves(desk: Desk, switch: Switch) -> None:
    switch.phones["200"] = "rings"
    pressed = asyncio.create_task(desk.press(Action.HOLD_TRANSFER))
    await desk.until(lambda: any(each.number == "200" for each in switch.channels.values()))
    switch.end(next(iter(switch.channels.values())))
    await pressed


@pytest.mark.parametrize(
    ("scenario", "press"),
    [
        ("hold", pressed_on_hold),
        ("attended", pressed_attended),
        ("not_answered", pressed_not_answered),
        ("blind", pressed_blind),
        ("customer_leaves", pressed_customer_leaves),
    ],
)
async def test_the_peer_tells_of_orders_what_the_real_one_did(
    tmp_path: Path, scenario: str, press: Callable[[Desk, Switch], Awaitable[None]]
) -> None:
    switch = Switch("not-a-secret", seconds=0.05)
    await switch.start()
    switch.phones = {"200": "answers", "204": "answers", "205": "answers"}
    customer, _ = switch.dial_in("0355550142", "", "204")
    try:
        async with Wire(switch.port) as wire, desk_at(wire.port, tmp_path, customer.uuid) as desk:
            wanted = story(DATA / f"{scenario}.esl")
            told = tmp_path / "told.esl"

            def tells() -> list[tuple[str, ...]]:
                write_transcript(wire, told, hide=str(tmp_path))
                return story(told)

            await press(desk, switch)
            with suppress(TimeoutError):
                await desk.until(lambda: tells() == wanted)
            assert tells() == wanted
    finally:
        await switch.stop()
