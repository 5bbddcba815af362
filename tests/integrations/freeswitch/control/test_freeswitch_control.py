"""Control of FreeSWITCH against the committed peer: what is pressed, what becomes of everybody, what is answered."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from tests.support.deadline import WITHIN_S
from tests.support.freeswitch.switch import Channel, Phone, Switch

from kikimori.control.held import HeldBook
from kikimori.control.pbx_control import HoldTimes, PbxAnswer, PbxRequest
from kikimori.control.pbx_settings import AnnouncementFile, ControlSettings
from kikimori.integrations.freeswitch.control.control import FreeSwitchControl
from kikimori.integrations.freeswitch.control.orders import OrderSubject, OrderWriter
from kikimori.integrations.freeswitch.settings import FreeSwitchTable
from kikimori_core.model.call import CallInfo, Party
from kikimori_core.wire.messages import Action, CallStatus, Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

MUSIC = "local_stream://moh"


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110  (a channel sets no asyncio.Event)
            await asyncio.sleep(0.005)


@dataclass
class Office:
    switch: Switch
    folder: Path
    settings: ControlSettings
    customer: Channel
    operator: Channel
    statuses: list[CallStatus] = field(default_factory=list)
    control: FreeSwitchControl | None = None
    operator_number: str = "204"
    _running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start a control, as a start of the agent does."""
        table = FreeSwitchTable(esl_port=self.switch.port, esl_password_file=self.folder / "password")
        self.control = FreeSwitchControl(table, self.settings)
        self._running = asyncio.create_task(self.control.run())

    async def up(self) -> None:
        await until(lambda: self.control and self.control.connected and self.switch.linked)

    async def die(self) -> None:
        """The agent is gone, without a word."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    @property
    def call(self) -> CallInfo:
        return CallInfo(
            self.customer.uuid,
            "freeswitch",
            caller=Party(number="0355550142"),
            operator=Party(number=self.operator_number),
            channel=self.customer.uuid,
            operator_channel=self.operator.uuid,
        )

    def hold_times(self) -> HoldTimes | None:
        assert self.control is not None
        return self.control.hold_times(self.call)

    async def press(self, action: Action, target: str = "200", **more: Any) -> PbxAnswer:
        assert self.control is not None
        request = PbxRequest(action, self.call, target, **more)
        return await self.control.carry_out(request, self.statuses.append)

    @property
    def held(self) -> dict[str, Any]:
        path = self.settings.book
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["held"] if path.exists() else {}
        return found

    def phone_of(self, extension: str) -> Channel | None:
        return next((each for each in self.switch.channels.values() if each.number == extension), None)


@asynccontextmanager
async def open_office(tmp_path: Path, **settings: Any) -> AsyncIterator[Office]:
    (tmp_path / "password").write_text("secret\n", encoding="utf-8")
    switch = Switch("secret", seconds=0.02)
    await switch.start()
    switch.phones = {"200": "answers", "204": "answers", "205": "rings"}
    made = ControlSettings(
        superior="200",
        ring_s=10,
        longest_hold_s=settings.pop("longest_hold_s", 3000),
        after_hold=settings.pop("after_hold", "operator"),
        keep_operator=settings.pop("keep_operator", True),
        announcements=(
            AnnouncementFile("recorded", "録音", "/sounds/recorded.wav"),
            AnnouncementFile("gone", "", "/sounds/gone.wav"),
        ),
        dial="user/{target}",
        music=MUSIC,
        book=tmp_path / "held.json",
    )
    office = Office(switch, tmp_path, made, *switch.dial_in("0355550142", "", "204"))
    await office.start()
    try:
        yield office
    finally:
        await office.die()
        await switch.stop()


@pytest_asyncio.fixture
async def office(tmp_path: Path, no_task_left: None) -> AsyncIterator[Office]:  # noqa: ARG001  (watches over all)
    async with open_office(tmp_path) as opened:
        await opened.up()
        yield opened


# --- hold


async def test_hold_is_done_when_music_plays(office: Office) -> None:
    assert await office.press(Action.HOLD) == PbxAnswer(Outcome.DONE)
    assert office.customer.plays == MUSIC
    assert office.operator.plays == MUSIC
    assert office.statuses == [CallStatus.ON_HOLD]
    assert list(office.held) == [office.customer.uuid]
    left = office.hold_times()
    assert left is not None
    assert (0 < left.hold_s <= 3000, left.ring_s) == (True, None)


async def test_hold_without_music_is_no_hold(office: Office) -> None:
    """FreeSWITCH says +OK all the same; the customer is talking again when the answer comes."""
    office.switch.music_plays = False
    answer = await office.press(Action.HOLD)
    assert (answer.outcome, answer.reason) == (Outcome.FAILED, "no_music")
    assert office.customer.peer is office.operator
    assert office.held == {}


async def test_the_customer_comes_back(office: Office) -> None:
    await office.press(Action.HOLD)
    assert (await office.press(Action.HOLD)).reason == "already_on_hold"
    assert await office.press(Action.UNHOLD) == PbxAnswer(Outcome.DONE)
    assert office.customer.peer is office.operator
    assert office.statuses == [CallStatus.ON_HOLD, CallStatus.TALKING]
    assert office.held == {}
    assert office.hold_times() is None
    assert (await office.press(Action.UNHOLD)).reason == "not_on_hold"


async def test_hold_may_release_the_operator_who_is_rung_afterwards(office: Office) -> None:
    await office.press(Action.HOLD, keep_operator=False)
    await until(lambda: office.operator.gone)
    assert office.customer.plays == MUSIC
    assert (await office.press(Action.UNHOLD)).outcome is Outcome.DONE
    assert office.customer.peer is office.phone_of("204")


async def test_an_operator_whom_transfers_release_stays_during_a_hold(tmp_path: Path) -> None:
    async with open_office(tmp_path, keep_operator=False) as office:
        await office.up()
        await office.press(Action.HOLD)
        assert (await office.press(Action.UNHOLD)).outcome is Outcome.DONE
        assert office.customer.peer is office.operator
        await office.press(Action.HOLD)
        assert (await office.press(Action.HOLD_TRANSFER)).outcome is Outcome.DONE
        assert office.operator.gone


async def test_an_operator_who_hung_up_is_rung_again(office: Office) -> None:
    await office.press(Action.HOLD)
    office.switch.end(office.operator)
    assert (await office.press(Action.UNHOLD)).outcome is Outcome.DONE
    assert office.customer.peer is office.phone_of("204")


# --- nobody stays on hold


@pytest.mark.parametrize(
    ("operator_waits", "after_hold"), [(True, "operator"), (False, "operator"), (True, "superior")]
)
async def test_a_dead_agent_leaves_nobody_on_hold(
    tmp_path: Path, operator_waits: bool, after_hold: str
) -> None:
    """FreeSWITCH brings the customer back by what it was told with the hold."""
    async with open_office(tmp_path, longest_hold_s=10, after_hold=after_hold) as office:
        await office.up()
        await office.press(Action.HOLD)
        await office.die()
        if not operator_waits:
            office.switch.end(office.operator)
        await until(lambda: office.customer.peer)
        assert office.customer.peer is not None
        assert office.customer.peer.number == ("200" if after_hold == "superior" else "204")
        assert (office.customer.peer is office.operator) == (operator_waits and after_hold == "operator")


async def test_nobody_waits_for_a_customer_who_has_gone(office: Office) -> None:
    """The operator is released even without the agent: FreeSWITCH was told with the hold."""
    await office.press(Action.HOLD)
    await office.die()
    office.switch.end(office.customer)
    assert office.operator.gone


async def test_an_offices_own_hook_is_let_be(office: Office) -> None:
    office.customer.variables["api_reporting_hook"] = "curl http://cdr.example/"
    await office.press(Action.HOLD)
    assert office.customer.variables["api_reporting_hook"] == "curl http://cdr.example/"
    office.switch.end(office.customer)
    await until(lambda: office.operator.gone)


async def test_after_the_hold_the_superior_may_be_rung_and_the_operator_joins(tmp_path: Path) -> None:
    async with open_office(tmp_path, longest_hold_s=10, after_hold="superior") as office:
        await office.up()
        await office.press(Action.HOLD)
        await until(lambda: office.statuses[-1] is CallStatus.TRANSFERRED)
        assert office.customer.peer is office.phone_of("200")
        await until(lambda: office.operator.hears is office.customer.peer)


async def test_who_is_told_to_go_back_goes_to_the_operator_whoever_is_rung_after_a_hold(
    tmp_path: Path,
) -> None:
    async with open_office(tmp_path, after_hold="superior") as office:
        await office.up()
        assert (await office.press(Action.HOLD, keep_operator=False)).outcome is Outcome.DONE

        assert (await office.press(Action.UNHOLD)).outcome is Outcome.DONE

        assert office.customer.peer is not None
        assert office.customer.peer.number == "204"
        assert office.statuses == [CallStatus.ON_HOLD, CallStatus.TALKING]


async def test_the_page_is_told_when_a_hold_ran_out(tmp_path: Path) -> None:
    async with open_office(tmp_path, longest_hold_s=10) as office:
        await office.up()
        await office.press(Action.HOLD)
        await until(lambda: office.statuses == [CallStatus.ON_HOLD, CallStatus.TALKING])
        await until(lambda: office.held == {})


async def test_a_new_run_rescues_whom_a_dead_one_left(office: Office) -> None:
    await office.press(Action.HOLD)
    await office.die()
    assert office.customer.plays
    await office.start()
    await until(lambda: office.customer.peer is office.operator)
    await until(lambda: office.held == {})


@pytest.mark.parametrize("breaks_at", ["api eval", "api uuid_transfer"])
async def test_a_new_run_whose_connection_breaks_at_once_rescues_all_the_same(
    office: Office, breaks_at: str
) -> None:
    office.switch.seconds = 100
    await office.press(Action.HOLD)
    await office.die()
    office.switch.breaks_at = breaks_at
    await office.start()
    await until(lambda: office.customer.peer is office.operator)
    assert office.switch.breaks_at == ""
    await until(lambda: office.held == {})


async def test_a_new_run_can_still_take_back_a_transfer(office: Office) -> None:
    await office.press(Action.HOLD_TRANSFER)
    await office.die()
    await office.start()
    await office.up()
    assert (await office.press(Action.TAKE_BACK)).outcome is Outcome.DONE
    assert office.customer.peer is office.operator


@pytest.mark.parametrize("known_first", [True, False])
async def test_a_new_run_tells_the_page_where_a_dead_one_left_a_customer(
    office: Office, known_first: bool
) -> None:
    """The page is told, whether the tap finds the call before control has caught up or after."""
    await office.press(Action.HOLD_TRANSFER)
    await office.die()
    told: list[CallStatus] = []
    await office.start()
    assert office.control is not None
    if known_first:
        await office.up()
    office.control.meet(CallInfo("c1", "freeswitch", channel=office.customer.uuid), told.append)
    await until(lambda: told == [CallStatus.TRANSFERRED])


@pytest.mark.parametrize("action", [Action.HOLD, Action.HOLD_TRANSFER])
async def test_a_new_run_knows_from_the_channel_what_its_book_does_not_tell(
    office: Office, action: Action
) -> None:
    await office.press(action)
    status = office.statuses[-1]
    await office.die()
    office.settings.book.unlink()
    await office.start()
    await office.up()
    assert office.control is not None
    told: list[CallStatus] = []
    call = CallInfo(office.customer.uuid, "freeswitch", channel=office.customer.uuid)
    office.control.meet(call, told.append)
    await until(lambda: told == [status])
    assert (await office.press(Action.TAKE_BACK)).outcome is Outcome.DONE
    assert office.customer.peer is office.operator
    assert office.statuses[-1] is CallStatus.TALKING


async def test_a_call_that_nobody_moved_is_met_without_a_word(office: Office) -> None:
    assert office.control is not None
    told: list[CallStatus] = []
    office.control.meet(CallInfo("c", "freeswitch", channel=office.customer.uuid), told.append)
    office.control.meet(CallInfo("c", "freeswitch", channel=None), told.append)
    await until(lambda: any(each.startswith("api eval") for each in office.switch.commands))
    assert (await office.press(Action.HOLD)).outcome is Outcome.DONE
    assert told == []


async def test_an_unreadable_book_counts_as_empty(tmp_path: Path) -> None:
    for text in ("", "{", "[]", '{"held": 3}', '{"held": {"x": 1}}'):
        (tmp_path / "held.json").write_text(text, encoding="utf-8")
        assert await HeldBook(tmp_path / "held.json").load() == {}


async def test_a_book_that_cannot_be_written_does_not_hinder_the_hold(office: Office) -> None:
    office.settings.book.mkdir()
    assert (await office.press(Action.HOLD)).outcome is Outcome.DONE
    assert office.control is not None
    assert [each.code for each in office.control.problems()] == ["held_book_not_written"]


# --- to the superior


async def test_the_superior_takes_over_and_the_operator_stays(office: Office) -> None:
    assert (await office.press(Action.HOLD_TRANSFER)).outcome is Outcome.DONE
    superior = office.phone_of("200")
    assert superior is not None
    assert office.customer.peer is superior
    await until(lambda: office.operator.hears is superior)
    assert office.statuses == [CallStatus.ON_HOLD, CallStatus.TRANSFERRED]
    assert (await office.press(Action.HOLD_TRANSFER)).reason == "already_transferred"
    assert (await office.press(Action.TAKE_BACK)).outcome is Outcome.DONE
    assert office.customer.peer is office.operator
    assert superior.gone


async def test_a_superior_who_hangs_up_leaves_customer_and_operator_with_each_other(office: Office) -> None:
    await office.press(Action.HOLD_TRANSFER)
    superior = office.phone_of("200")
    assert superior is not None
    await until(lambda: office.operator.hears is superior)
    office.switch.end(superior)
    await until(lambda: office.customer.peer is office.operator)
    await until(lambda: office.statuses[-1] is CallStatus.TALKING)
    await until(lambda: office.held == {})
    # And it is a call like any other.
    assert (await office.press(Action.HOLD)).outcome is Outcome.DONE


@pytest.mark.parametrize("keep", [True, False])
async def test_a_superior_who_hangs_up_ends_the_call_when_no_operator_is_left(
    office: Office, keep: bool
) -> None:
    await office.press(Action.HOLD_TRANSFER, keep_operator=keep)
    office.switch.end(office.operator)
    superior = office.phone_of("200")
    assert superior is not None
    office.switch.end(superior)
    await until(lambda: office.customer.gone)
    await until(lambda: office.held == {})


async def test_the_operator_may_be_released(office: Office) -> None:
    assert (await office.press(Action.HOLD_TRANSFER, keep_operator=False)).outcome is Outcome.DONE
    assert office.operator.gone
    assert (await office.press(Action.TAKE_BACK)).outcome is Outcome.DONE
    assert office.customer.peer is office.phone_of("204")
    assert office.statuses == [
        CallStatus.ON_HOLD,
        CallStatus.TRANSFERRED,
        CallStatus.ON_HOLD,
        CallStatus.TALKING,
    ]


async def test_from_hold_to_the_superior_and_back(office: Office) -> None:
    await office.press(Action.HOLD)
    assert (await office.press(Action.HOLD_TRANSFER)).outcome is Outcome.DONE
    await until(lambda: office.operator.hears is office.phone_of("200") is not None)
    assert (await office.press(Action.TAKE_BACK)).outcome is Outcome.DONE
    assert office.customer.peer is office.operator


async def test_an_operator_who_hung_up_during_hold_does_not_hinder_the_superior(office: Office) -> None:
    await office.press(Action.HOLD)
    office.switch.end(office.operator)
    answer = await office.press(Action.HOLD_TRANSFER)
    assert (answer.outcome, answer.detail) == (Outcome.DONE, "the operator had hung up")
    assert office.customer.peer is office.phone_of("200")


NOT_REACHED = pytest.mark.parametrize(
    ("behaves", "reason"),
    [
        ("rings", "no_answer"),
        ("busy", "busy"),
        ("declines", "declined"),
        ("unregistered", "unreachable"),
        ("absent", "no_such_extension"),
    ],
)


@NOT_REACHED
async def test_nobody_answers_and_the_customer_is_back(office: Office, behaves: Phone, reason: str) -> None:
    office.switch.phones["200"] = behaves
    answer = await office.press(Action.HOLD_TRANSFER)
    assert (answer.outcome, answer.reason) == (Outcome.FAILED, reason)
    assert office.customer.peer is office.operator
    assert office.statuses == [CallStatus.ON_HOLD, CallStatus.TALKING]


async def test_nobody_answers_and_the_operator_has_gone(office: Office) -> None:
    """Their telephone rings; whoever presses next finds the customer there."""
    office.switch.phones |= {"200": "busy", "204": "rings"}
    await office.press(Action.HOLD)
    office.switch.end(office.operator)
    assert (await office.press(Action.HOLD_TRANSFER)).reason == "busy"
    assert office.statuses == [CallStatus.ON_HOLD]
    office.switch.phones["204"] = "answers"
    await until(lambda: office.statuses == [CallStatus.ON_HOLD, CallStatus.TALKING])
    assert office.customer.peer is office.phone_of("204")


async def test_the_customer_hears_music_while_it_rings_and_may_be_taken_back(office: Office) -> None:
    office.switch.seconds = 100
    pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER, "205"))
    await until(lambda: office.phone_of("205"))
    assert office.customer.variables["transfer_ringback"] == MUSIC
    assert office.operator.plays == MUSIC
    assert (await office.press(Action.TRANSFER)).reason == "call_busy"
    assert (await office.press(Action.TAKE_BACK)).outcome is Outcome.DONE
    assert (await pressed).reason == "superseded"
    assert office.customer.peer is office.operator
    await until(lambda: office.phone_of("205") is None)


async def test_a_customer_who_hangs_up_stops_the_ringing(office: Office) -> None:
    office.switch.seconds = 100
    pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER, "205"))
    await until(lambda: office.phone_of("205"))
    office.switch.end(office.customer)
    assert (await pressed).reason == "customer_hung_up"
    await until(lambda: office.phone_of("205") is None)
    assert office.operator.gone
    await until(lambda: office.held == {})


async def test_a_telephone_that_rings_home_may_be_called_off(office: Office) -> None:
    office.switch.seconds = 100
    await office.press(Action.HOLD, keep_operator=False)
    office.switch.phones["204"] = "rings"
    pressed = asyncio.create_task(office.press(Action.UNHOLD))
    await until(lambda: office.phone_of("204"))
    assert (await office.press(Action.HOLD_TRANSFER)).outcome is Outcome.DONE
    assert (await pressed).reason == "superseded"
    assert office.customer.peer is office.phone_of("200")
    await until(lambda: office.phone_of("204") is None)


async def test_two_supervisors_press_at_once(office: Office) -> None:
    answers = await asyncio.gather(
        office.press(Action.HOLD), office.press(Action.HOLD_TRANSFER), office.press(Action.TRANSFER)
    )
    assert [each.reason for each in answers] == [None, "call_busy", "call_busy"]
    assert office.customer.plays == MUSIC


# --- blind


async def test_blind_hands_over_and_the_operator_takes_part(office: Office) -> None:
    assert (await office.press(Action.TRANSFER)).outcome is Outcome.DONE
    await until(lambda: office.customer.peer is office.phone_of("200") is not None)
    await until(lambda: office.operator.hears is office.customer.peer)
    await until(lambda: office.statuses == [CallStatus.ON_HOLD, CallStatus.TRANSFERRED])


async def test_blind_may_release_the_operator(office: Office) -> None:
    assert (await office.press(Action.TRANSFER, keep_operator=False)).outcome is Outcome.DONE
    assert office.operator.gone
    await until(lambda: office.customer.peer is office.phone_of("200") is not None)
    await until(lambda: office.statuses == [CallStatus.ON_HOLD, CallStatus.TRANSFERRED])


async def test_blind_is_done_as_soon_as_it_rings(office: Office) -> None:
    office.switch.seconds = 100
    assert (await office.press(Action.TRANSFER, "205")).outcome is Outcome.DONE
    assert office.phone_of("205") is not None
    assert office.statuses == [CallStatus.ON_HOLD]
    assert (await office.press(Action.HOLD)).reason == "already_on_hold"
    assert (await office.press(Action.TAKE_BACK)).outcome is Outcome.DONE
    assert office.customer.peer is office.operator
    await until(lambda: office.phone_of("205") is None)


async def test_blind_to_a_telephone_that_nobody_answers_comes_home_by_itself(office: Office) -> None:
    assert (await office.press(Action.TRANSFER, "205")).outcome is Outcome.DONE
    await office.die()
    await until(lambda: office.customer.peer is office.operator)


@NOT_REACHED
@pytest.mark.parametrize("keep", [True, False])
async def test_blind_to_a_telephone_that_is_not_reached(
    office: Office, behaves: Phone, reason: str, keep: bool
) -> None:
    office.switch.phones["200"] = behaves
    answer = await office.press(Action.TRANSFER, keep_operator=keep)
    if behaves == "rings":
        assert answer.outcome is Outcome.DONE
    else:
        assert (answer.outcome, answer.reason) == (Outcome.FAILED, reason)
    await until(lambda: office.customer.peer)
    assert office.customer.peer is (office.operator if keep else office.phone_of("204"))
    await until(lambda: office.statuses == [CallStatus.ON_HOLD, CallStatus.TALKING])


async def test_blind_from_hold(office: Office) -> None:
    await office.press(Action.HOLD)
    assert (await office.press(Action.TRANSFER, keep_operator=False)).outcome is Outcome.DONE
    await until(lambda: office.operator.gone)
    await until(lambda: office.statuses == [CallStatus.ON_HOLD, CallStatus.TRANSFERRED])


# --- events overtake each other


@pytest.mark.parametrize("seed", range(8))
async def test_events_in_any_order_make_no_wrong_answer(office: Office, seed: int) -> None:
    office.switch.scramble = Random(seed)  # noqa: S311  (a test's order)
    for _ in range(2):
        assert (await office.press(Action.HOLD)).outcome is Outcome.DONE
        assert (await office.press(Action.UNHOLD)).outcome is Outcome.DONE
        office.switch.phones["200"] = "busy"
        assert (await office.press(Action.HOLD_TRANSFER)).reason == "busy"
        assert (await office.press(Action.TRANSFER)).reason == "busy"
        office.switch.phones["200"] = "answers"
        assert (await office.press(Action.HOLD_TRANSFER)).outcome is Outcome.DONE
        assert (await office.press(Action.TAKE_BACK)).outcome is Outcome.DONE
        assert (await office.press(Action.TRANSFER)).outcome is Outcome.DONE
        await until(lambda: office.statuses[-1] is CallStatus.TRANSFERRED)
        superior = office.phone_of("200")
        assert superior is not None
        office.switch.end(superior)
        await until(lambda: office.statuses[-1] is CallStatus.TALKING)
        assert office.statuses == [
            *(CallStatus.ON_HOLD, CallStatus.TALKING) * 3,
            *(CallStatus.ON_HOLD, CallStatus.TRANSFERRED, CallStatus.TALKING) * 2,
        ]
        office.statuses.clear()


# --- beside the call


@pytest.mark.parametrize(
    ("action", "mixed"),
    [
        (Action.LISTEN, set()),
        (Action.WHISPER, {"eavesdrop_whisper_bleg"}),
        (Action.BARGE, {"eavesdrop_whisper_aleg", "eavesdrop_whisper_bleg"}),
    ],
)
async def test_supervisors_listen_on_the_operators_channel(
    office: Office, action: Action, mixed: set[str]
) -> None:
    assert (await office.press(action)).outcome is Outcome.DONE
    phone = office.phone_of("200")
    assert phone is not None
    assert {name for name in phone.variables if "whisper" in name} == mixed
    assert any(f"&eavesdrop({office.operator.uuid})" in line for line in office.switch.commands)
    assert office.customer.peer is office.operator


async def test_a_supervisor_listens_beside_one_who_was_not_reached(office: Office) -> None:
    office.switch.phones |= {"205": "rings", "206": "rings"}
    office.switch.seconds = 100
    one = asyncio.create_task(office.press(Action.LISTEN, "205"))
    await until(lambda: office.phone_of("205"))
    two = asyncio.create_task(office.press(Action.LISTEN, "206"))
    await until(lambda: office.phone_of("206"))
    office.switch.phones["205"] = "busy"
    assert (await one).reason == "busy"
    office.switch.phones["206"] = "answers"
    assert (await two).outcome is Outcome.DONE
    assert office.phone_of("206") is not None


async def test_listening_needs_a_conversation_and_a_telephone(office: Office) -> None:
    assert (await office.press(Action.LISTEN, "205")).reason == "no_answer"
    assert (await office.press(Action.LISTEN, "2 0")).reason == "no_such_extension"
    await office.press(Action.HOLD)
    assert (await office.press(Action.LISTEN)).reason == "not_connected"


async def test_announcements(office: Office) -> None:
    assert (await office.press(Action.ANNOUNCE)).outcome is Outcome.DONE
    assert office.customer.announced == office.operator.announced == ["/sounds/recorded.wav"]
    assert (await office.press(Action.ANNOUNCE)).reason == "announcement_playing"
    assert (await office.press(Action.ANNOUNCE, announcement="gone")).reason == "no_such_file"
    assert (await office.press(Action.ANNOUNCE, announcement="what")).reason == "no_such_announcement"


async def test_hanging_up_ends_the_call_for_everybody(office: Office) -> None:
    await office.press(Action.HOLD)
    assert (await office.press(Action.HANG_UP)).outcome is Outcome.DONE
    assert office.switch.channels == {}
    await until(lambda: office.held == {})
    assert (await office.press(Action.HOLD)).reason == "no_such_channel"


# --- the connection


async def test_without_freeswitch_every_press_says_so_and_later_it_works(office: Office) -> None:
    office.switch.refuses = True
    await office.switch.drop_links()
    control = office.control
    assert control is not None
    await until(lambda: [each.code for each in control.problems()] == ["pbx_esl_acl"])
    assert all(each.remedy for each in control.problems())
    assert (await office.press(Action.HOLD)).reason == "pbx_away"
    office.switch.refuses = False
    await office.up()
    assert control.problems() == ()
    assert (await office.press(Action.HOLD)).outcome is Outcome.DONE


async def test_a_lost_connection_does_not_forget_who_is_held(office: Office) -> None:
    await office.press(Action.HOLD)
    await office.switch.drop_links()
    await until(lambda: office.control and not office.control.connected)
    await office.up()
    assert (await office.press(Action.UNHOLD)).outcome is Outcome.DONE
    assert office.customer.peer is office.operator


async def test_an_order_whose_answer_was_lost_is_not_forgotten(office: Office) -> None:
    office.switch.breaks_at, office.switch.obeys_when_it_breaks = "api uuid_dual_transfer", True
    assert (await office.press(Action.HOLD)).reason == "pbx_away"
    await until(lambda: office.statuses == [CallStatus.ON_HOLD])
    await office.up()
    assert (await office.press(Action.UNHOLD)).outcome is Outcome.DONE
    assert office.customer.peer is office.operator
    await until(lambda: office.held == {})


async def test_an_order_that_was_lost_leaves_the_call_as_it_is(office: Office) -> None:
    office.switch.breaks_at = "api uuid_dual_transfer"
    assert (await office.press(Action.HOLD)).reason == "pbx_away"
    await office.up()
    assert (await office.press(Action.UNHOLD)).reason == "not_on_hold"
    assert office.customer.peer is office.operator
    assert office.statuses == []
    assert (await office.press(Action.HOLD)).outcome is Outcome.DONE


async def test_an_order_that_is_carried_out_late_is_told_when_it_is(office: Office) -> None:
    office.switch.stands_still_at = "api uuid_dual_transfer"
    assert (await office.press(Action.HOLD)).reason == "timeout"
    office.switch.goes_on.set()
    await until(lambda: office.statuses == [CallStatus.ON_HOLD])
    assert (await office.press(Action.UNHOLD)).outcome is Outcome.DONE


async def test_the_connection_breaks_while_the_superior_is_rung(office: Office) -> None:
    office.switch.seconds = 100
    pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER, "205"))
    await until(lambda: office.phone_of("205"))
    office.switch.refuses = True
    await office.switch.drop_links()
    assert (await pressed).reason == "pbx_away"
    assert (await office.press(Action.TAKE_BACK)).reason == "pbx_away"
    # FreeSWITCH goes on by itself.
    office.switch.phones["205"] = "answers"
    await until(lambda: office.customer.peer is office.phone_of("205") is not None)
    office.switch.refuses = False
    await until(lambda: office.statuses == [CallStatus.ON_HOLD, CallStatus.TRANSFERRED])
    assert (await office.press(Action.TAKE_BACK)).outcome is Outcome.DONE
    assert office.customer.peer is office.operator


@pytest.mark.parametrize("answers", [True, False])
async def test_a_dead_agent_does_not_hinder_a_telephone_that_rings(office: Office, answers: bool) -> None:
    office.switch.seconds = 100 if answers else 0.05
    pressed = asyncio.create_task(office.press(Action.HOLD_TRANSFER, "205"))
    await until(lambda: office.phone_of("205"))
    await office.die()
    office.switch.seconds = 0.05
    if answers:
        office.switch.phones["205"] = "answers"
        await until(lambda: office.customer.peer is office.phone_of("205") is not None)
        await until(lambda: office.operator.hears is office.customer.peer)
    else:
        await until(lambda: office.customer.peer is office.operator)
    pressed.cancel()
    await asyncio.gather(pressed, return_exceptions=True)


async def test_after_a_restart_of_freeswitch_nobody_is_looked_for(office: Office) -> None:
    await office.press(Action.HOLD)
    office.switch.channels.clear()
    await office.switch.drop_links()
    await until(lambda: office.control and not office.control.connected)
    await office.up()
    await until(lambda: office.held == {})
    assert (await office.press(Action.HOLD)).reason == "no_such_channel"


async def test_a_wrong_password_is_a_problem_with_a_remedy(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        (tmp_path / "password").write_text("wrong\n", encoding="utf-8")
        await office.switch.drop_links()
        await office.die()
        await office.start()
        control = office.control
        assert control is not None
        await until(lambda: [each.code for each in control.problems()] == ["pbx_esl_auth"])
        (tmp_path / "password").write_text("secret\n", encoding="utf-8")
        await office.up()


async def test_a_deaf_freeswitch_is_given_up(office: Office) -> None:
    office.switch.deaf = True
    answer = await office.press(Action.HOLD)
    assert (answer.outcome, answer.reason) in {(Outcome.FAILED, "timeout"), (Outcome.FAILED, "pbx_away")}


async def test_what_a_telephone_calls_itself_never_becomes_an_order(office: Office) -> None:
    office.operator_number = "204' inline^hangup"
    await office.press(Action.HOLD)
    assert not any("204'" in line for line in office.switch.commands)
    assert office.customer.plays == MUSIC


def test_the_order_for_a_hold_says_the_way_back_in_the_same_breath(tmp_path: Path) -> None:
    settings = ControlSettings("200", 20, 120, "operator", True, (), "user/{target}", MUSIC, tmp_path / "x")
    line = OrderWriter(settings).hold(OrderSubject("c", "1", "o", "204"), 120)
    customers, operators = (each.removesuffix("/inline") for each in line.split("'")[1::2])
    kept = [
        each for each in customers.removeprefix("m:~:").split("~") if not each.startswith(("set:", "unset:"))
    ]
    assert kept[:4] == [
        f"playback:{MUSIC}",
        "intercept:o",
        "bridge:{^^;kikimori_order=1;kikimori_step=operator;ignore_early_media=true}user/204",
        "bridge:{^^;kikimori_order=1;kikimori_step=superior;ignore_early_media=true}user/200",
    ]
    assert "playback_timeout_sec=150" in operators
    # FreeSWITCH takes 128 applications (mod_dptools.c, inline_dialplan_hunt).
    assert max(customers.count("~"), operators.count("~")) < 120
