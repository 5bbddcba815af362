"""Customers whose news were missed, on an Asterisk that is asked and answers what the test says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.integrations.asterisk.control.test_asterisk_control import CALL, CUSTOMER, OPERATOR, settings
from tests.support.deadline import WITHIN_S

from kikimori.control.held import HeldBook
from kikimori.control.pbx_control import PbxRequest
from kikimori.integrations.asterisk.ami_away import AmiError
from kikimori.integrations.asterisk.ami_codec import Block
from kikimori.integrations.asterisk.control.customer import AsteriskCustomer, nobody
from kikimori.integrations.asterisk.control.customers import Customers
from kikimori.integrations.asterisk.control.dialplan import Step
from kikimori.integrations.asterisk.control.finding import Found, Place
from kikimori.integrations.asterisk.control.moves import AsteriskMover
from kikimori.integrations.asterisk.control.rescuing import Rescuer, until_answered
from kikimori_core.wire.messages import Action, CallStatus

if TYPE_CHECKING:
    from pathlib import Path

UNIQUEID = "1.1"
SUPERIOR = "PJSIP/200-00000003"
TALKING, ON_HOLD, TRANSFERRED = CallStatus.TALKING, CallStatus.ON_HOLD, CallStatus.TRANSFERRED


@dataclass
class Asterisk:
    """Position of the customer, and the orders received. `refuses` are actions that it refuses."""

    exten: str = "hold"
    context: str = "kikimori-control"
    uniqueid: str = UNIQUEID
    bridge: str = ""
    members: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    redirects: list[str] = field(default_factory=list)

    async def act(self, action: str, *variables: tuple[str, str], **fields: str) -> Block:
        del variables
        if action == "Redirect":
            self.redirects.append(fields["Exten"])
        if action in self.refuses:
            return Block((("Response", "Error"), ("Message", "Secondary redirect failed")))
        if action == "Getvar":
            return Block((("Response", "Success"), ("Value", OPERATOR)))
        return Block((("Response", "Success"),))

    async def listing(self, action: str, **fields: str) -> tuple[Block, list[Block]]:
        del fields
        there = Block(
            (
                ("Uniqueid", self.uniqueid),
                ("Context", self.context),
                ("Exten", self.exten),
                ("BridgeID", self.bridge),
            )
        )
        others = [Block((("Channel", each),)) for each in (CUSTOMER, *self.members)]
        return Block((("Response", "Success"),)), [there] if action == "Status" else others


class Scene:
    """A customer who was put on hold long ago, as far as we know."""

    def __init__(self, folder: Path, asterisk: Asterisk) -> None:
        self.asterisk = asterisk
        self.settings = settings(folder)
        self.customers = Customers(HeldBook(self.settings.book))
        self.mover = AsteriskMover(asterisk, self.settings, self.customers)
        self.watched: dict[str, AsteriskCustomer] = {}
        self.rescuer = Rescuer(
            asterisk, self.settings, self.customers, self.mover, self.watched, asyncio.Event()
        )
        self.told: list[CallStatus] = []
        self.customer = AsteriskCustomer(
            "c1", CUSTOMER, UNIQUEID, OPERATOR, "204", changed=self.told.append, status=ON_HOLD
        )
        self.customer.step, self.customer.step_at = Step.HOLD, asyncio.get_running_loop().time() - 1000

    async def remember(self) -> None:
        await self.customers.put(self.customer)
        self.watched[CUSTOMER] = self.customer


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (Asterisk("back", bridge="b", members=(OPERATOR,)), [TALKING]),
        (Asterisk("superior", bridge="b", members=(SUPERIOR,)), [TRANSFERRED]),
        (Asterisk("operator"), []),
        (Asterisk("1", context="office", bridge="b", members=("PJSIP/207-00000009",)), [TALKING]),
    ],
)
async def test_a_program_that_was_frozen_takes_nobody_out_of_a_conversation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: Asterisk, told: list[CallStatus]
) -> None:
    """It wakes long after the hold, and the news of the customer's return are still before it."""
    monkeypatch.setattr("kikimori.integrations.asterisk.control.rescuing.WATCHDOG_EVERY_S", 0.01)
    scene = Scene(tmp_path, where)
    await scene.remember()
    watching = asyncio.create_task(scene.rescuer.watch())
    async with asyncio.timeout(WITHIN_S):
        while scene.customer.step is Step.HOLD and scene.told != told:  # noqa: ASYNC110  (told by nobody)
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.wait([watching])
    assert scene.told == told
    assert where.redirects == []


@pytest.mark.parametrize("step", [Step.HOLD, None])
async def test_who_was_forgotten_is_brought_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: Step | None
) -> None:
    """Also after a press of which nothing was heard any more: that leaves no step."""
    monkeypatch.setattr("kikimori.integrations.asterisk.control.rescuing.AGAIN_S", 0.05)
    monkeypatch.setattr("kikimori.integrations.asterisk.control.rescuing.WATCHDOG_EVERY_S", 0.01)
    asterisk = Asterisk()
    scene = Scene(tmp_path, asterisk)
    scene.customer.step = step
    await scene.remember()
    watching = asyncio.create_task(scene.rescuer.watch())
    async with asyncio.timeout(WITHIN_S):
        while not asterisk.redirects:
            scene.customer.step_at = -1000.0
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.wait([watching])
    assert asterisk.redirects[0] == "back"


@pytest.mark.parametrize(
    ("members", "status"),
    [((OPERATOR, SUPERIOR), TRANSFERRED), ((SUPERIOR,), TRANSFERRED), ((OPERATOR,), TALKING)],
)
async def test_after_a_lost_connection_it_counts_who_is_left(
    tmp_path: Path, members: tuple[str, ...], status: CallStatus
) -> None:
    """The superior may have come and gone while nobody listened; the dialplan's step is the same."""
    scene = Scene(tmp_path, Asterisk("ring", bridge="b", members=members))
    await scene.remember()
    await scene.rescuer.what_became_of_all()
    assert scene.told == [status]


async def test_asterisk_stood_still_when_it_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection was lost, so nobody logs in again."""
    monkeypatch.setattr("kikimori.integrations.asterisk.control.rescuing.ASK_AGAIN_S", 0.01)
    asked: list[int] = []

    async def ask() -> None:
        asked.append(len(asked))
        if len(asked) < 3:
            raise AmiError("Asterisk does not answer Status")

    await until_answered(ask)
    assert asked == [0, 1, 2]


async def test_of_two_channels_asterisk_redirected_the_customer_only(tmp_path: Path) -> None:
    """`Secondary redirect failed`: the operator hung up in that moment. The customer is on hold and stays ours."""
    asterisk = Asterisk(refuses=("Redirect",))
    scene = Scene(tmp_path, asterisk)
    customer = AsteriskCustomer("c1", CUSTOMER, UNIQUEID, operator_extension="204", changed=scene.told.append)
    found = Found(Place(CUSTOMER, UNIQUEID, "office", "1", "b"), OPERATOR)
    holding = asyncio.create_task(scene.mover.hold(PbxRequest(Action.HOLD, CALL, "200"), found, customer))
    async with asyncio.timeout(WITHIN_S):
        while scene.told != [ON_HOLD]:  # noqa: ASYNC110  (told by nobody)
            await asyncio.sleep(0.01)
    customer.music = True
    customer.news.set()
    assert (await holding).outcome == "done"
    assert scene.customers.get(CUSTOMER) is customer


async def test_a_refused_transfer_leaves_the_hold_as_it_was(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Asterisk(refuses=("Setvar",)))
    await scene.remember()
    found = Found(Place(CUSTOMER, UNIQUEID, "kikimori-control", "hold", ""), None)
    request = PbxRequest(Action.HOLD_TRANSFER, CALL, "200", keep_operator=False)
    assert (await scene.mover.transfer(request, found, scene.customer)).outcome == "failed"
    assert scene.customer.held_by_us
    assert scene.customer.operator == OPERATOR


async def test_whom_the_book_does_not_tell_of_is_still_ours(tmp_path: Path) -> None:
    """The disk was full when they were put on hold, and then the program died."""
    scene = Scene(tmp_path, Asterisk())
    following = asyncio.create_task(scene.rescuer.ask())
    scene.rescuer.meet(CALL, scene.told.append)
    async with asyncio.timeout(WITHIN_S):
        while scene.told != [ON_HOLD]:  # noqa: ASYNC110  (told by nobody)
            await asyncio.sleep(0.01)
    following.cancel()
    await asyncio.wait([following])
    adopted = scene.customers.get(CUSTOMER)
    assert adopted is not None
    assert (adopted.operator, adopted.operator_extension) == (OPERATOR, "204")
    assert scene.watched == {CUSTOMER: adopted}


async def test_who_is_met_and_pressed_for_at_the_same_time_is_one_customer(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Asterisk())
    there = Place(CUSTOMER, UNIQUEID, "kikimori-control", "hold", "")
    met, pressed_for = await asyncio.gather(
        scene.mover.adopt(CALL, there), scene.mover.prepare(PbxRequest(Action.UNHOLD, CALL, ""), None)
    )
    assert met is pressed_for[1] is scene.customers.get(CUSTOMER)


@pytest.mark.parametrize("read_first", [True, False])
async def test_the_page_is_told_where_an_earlier_run_left_a_customer(
    tmp_path: Path, *, read_first: bool
) -> None:
    """The page is told, whether the tap finds the call before the book is read or after."""
    scene = Scene(tmp_path, Asterisk("ring", bridge="b", members=(SUPERIOR,)))
    scene.customer.changed, scene.customer.status = nobody, TALKING
    following = asyncio.create_task(scene.rescuer.ask())
    told: list[CallStatus] = []
    if not read_first:
        scene.rescuer.meet(CALL, told.append)
    await scene.remember()
    await scene.rescuer.what_became_of_all()
    if read_first:
        scene.rescuer.meet(CALL, told.append)
    async with asyncio.timeout(WITHIN_S):
        while not told:  # noqa: ASYNC110  (told by nobody)
            await asyncio.sleep(0.01)
    following.cancel()
    await asyncio.wait([following])
    assert told == [TRANSFERRED]


async def test_another_call_on_a_channel_of_the_same_name(tmp_path: Path) -> None:
    """Asterisk was started again, and counts its channels from the beginning."""
    scene = Scene(tmp_path, Asterisk("1", context="office", uniqueid="2.1", bridge="b", members=(OPERATOR,)))
    await scene.remember()
    scene.customer.lost = True
    asking = asyncio.create_task(scene.rescuer.ask())
    told: list[CallStatus] = []
    scene.rescuer.meet(CALL, told.append)
    await scene.rescuer.what_became_of_all()
    scene.rescuer.meet(CALL, told.append)
    async with asyncio.timeout(WITHIN_S):
        while not scene.rescuer._questions.empty():  # noqa: ASYNC110  (told by nobody)
            await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    assert told == []
    assert list(scene.customers) == []
