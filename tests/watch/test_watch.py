"""Measurements and display of `kikimori tap watch`: unmistakable levels, private numbers, what fits."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from kikimori.config import AgentConfig
from kikimori.watch.advice import advice
from kikimori.watch.lines import as_json, as_line
from kikimori.watch.meter import LegMeter
from kikimori.watch.own import TWINS_AFTER, WatchDesk, hints
from kikimori.watch.picture import SILENCE_DB, CallRow, LegRow, Picture, TapRow
from kikimori.watch.screen import bar, draw
from kikimori.watch.words import not_heard
from kikimori_core.model.call import CallInfo, EndReason, LegInfo
from kikimori_core.wire.messages import Party, Problem, Role

if TYPE_CHECKING:
    from kikimori.integrations.integration import Integration
    from kikimori_core.model.feed import LegFeed

RATE = 8000


class Clock:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def info(call_id: str = "c", role: Role = Role.CUSTOMER) -> LegInfo:
    caller = Party(number="03-5555-0142", name="山田 一郎")
    return LegInfo(CallInfo(call_id, "audiosocket", caller, Party(number="204", name="佐藤")), role, RATE)


def meter(clock: Clock) -> LegMeter:
    return LegMeter(info(), clock, lambda _: None)


def tone(dbfs: float, seconds: float = 0.2, hertz: float = 440) -> bytes:
    """A sine of that level: the level of a full-scale sine is -3.01 dBFS."""
    at = np.arange(int(RATE * seconds)) / RATE
    sine = np.sin(2 * np.pi * hertz * at) * 32767 * 10 ** ((dbfs + 3.01) / 20)
    return np.round(sine).astype("<i2").tobytes()


def test_digital_silence_is_the_floor_and_never_loud() -> None:
    leg = meter(Clock())
    leg.audio(bytes(320))
    row = leg.row()
    assert row.level_db == SILENCE_DB < -90.3
    assert not row.sounded
    assert bar(row, 40).plain.strip("▕▏ ") == ""


@pytest.mark.parametrize("dbfs", [-3.01, -20.0, -60.0])
def test_the_level_is_that_of_the_sound(dbfs: float) -> None:
    leg = meter(Clock())
    leg.audio(tone(dbfs))
    assert leg.row().level_db == pytest.approx(dbfs, abs=0.2)


def test_the_softest_sound_is_more_than_silence() -> None:
    leg = meter(Clock())
    leg.audio(b"\x01\x00" * 160)
    row = leg.row()
    assert row.level_db == pytest.approx(-90.3, abs=0.1)
    assert row.sounded


def test_nothing_is_not_silence() -> None:
    row = meter(Clock()).row()
    assert row.level_db is None
    assert row.peak_db is None


@given(st.lists(st.binary(max_size=2000), max_size=20))
def test_any_bytes_give_a_level_between_floor_and_full_scale(pieces: list[bytes]) -> None:
    leg = meter(Clock())
    for piece in pieces:
        leg.audio(piece)
    row = leg.row()
    assert row.level_db is None or SILENCE_DB <= row.level_db <= 0


def test_a_peak_is_held_and_then_let_go() -> None:
    clock = Clock()
    leg = meter(clock)
    leg.audio(tone(-3.01))
    assert leg.row().peak_db == pytest.approx(0, abs=0.1)
    for passed in (1.0, 2.0):
        clock.at += passed
        leg.audio(tone(-40))
        held = leg.row().peak_db
        assert held is not None
        assert held > -1 if passed == 1.0 else held == pytest.approx(-37, abs=0.5)


def test_frames_a_second_and_gaps_are_counted() -> None:
    clock = Clock()
    leg = meter(clock)
    for _ in range(100):
        clock.at += 0.02
        leg.audio(bytes(320))
    leg.gap(160)
    leg.gap(480)
    row = leg.row()
    assert row.frames_s == pytest.approx(50)
    assert (row.gaps, row.gap_ms) == (2, 80)


def test_audio_that_nobody_looks_at_does_not_pile_up() -> None:
    leg = meter(Clock())
    for _ in range(1000):
        leg.audio(bytes(320))
    assert len(leg._waiting) <= RATE * 2 * 2


def test_a_leg_that_ended_takes_nothing_more_and_its_sound_is_remembered() -> None:
    desk = WatchDesk(Clock())
    feed: LegFeed = desk.open_leg(info())
    feed.audio(tone(-20))
    feed.close(EndReason.HUNG_UP)
    feed.close(EndReason.SHUTDOWN)
    feed.audio(tone(-20))
    feed.dtmf("9")
    assert desk.rows() == ()
    assert (desk.legs_seen, desk.sounded()) == (1, 1)
    assert list(desk.ended) == ["c after 0 s (hung_up)"]


def test_holds_and_keys_of_calls_that_are_there_and_that_are_not() -> None:
    desk = WatchDesk(Clock())
    desk.held("nobody", on_hold=True)
    desk.key("nobody", Role.OPERATOR, "9")
    desk.open_leg(info(role=Role.OPERATOR))
    desk.held("c", on_hold=True)
    desk.key("c", Role.OPERATOR, "9")
    row = desk.rows()[0]
    assert row.held
    assert row.legs[0].key == "9"


def test_both_legs_alike_and_a_leg_without_any_sound_are_pointed_out() -> None:
    clock = Clock()
    desk = WatchDesk(clock)
    legs = [desk.open_leg(info("twins", role)) for role in (Role.CUSTOMER, Role.OPERATOR)]
    hints = set()
    for _ in range(TWINS_AFTER):
        for leg in legs:
            leg.audio(tone(-20))
        hints.add(desk.rows()[0].hint)
    assert any("same sound" in hint for hint in hints)
    for _ in range(2):
        legs[0].audio(tone(-20))
        legs[1].audio(tone(-20, hertz=1000))  # as loud, and another sound
        hint = desk.rows()[0].hint
    assert hint == ""

    dumb = desk.open_leg(info("dumb"))
    clock.at += 10
    dumb.audio(bytes(320))
    assert "no sound since the leg began" in desk.rows()[1].hint


LEG = LegRow("customer", 8000, -23.4, -12.0, 50.0, 3, 60, "9", sounded=True)


def picture(**fields: object) -> Picture:
    call = CallRow(
        "c-1", "audiosocket", Party(number="03-5555-0142", name="山田"), Party(number="204"), "料金", 75.0, held=True, legs=(LEG,)
    )  # fmt: skip
    tap = TapRow("audiosocket", ("audiosocket 127.0.0.1:9092",), (), {"audiosocket_refused": 2})
    given: dict[str, object] = {"seconds": 12.0, "taps": (tap,), "calls": (call,), "legs_seen": 1}
    return Picture(**{**given, **fields})  # type: ignore[arg-type]


def on_screen(shown: Picture, *, numbers: bool = False, width: int = 100, height: int = 30) -> str:
    console = Console(width=width, height=height, force_terminal=False)
    with console.capture() as captured:
        console.print(draw(shown, width=width, height=height, numbers=numbers))
    return captured.get()


def test_numbers_are_private_until_asked_for() -> None:
    for text in (on_screen(picture()), as_json(picture(), numbers=False), as_line(picture())):
        assert "5555" not in text
        assert "山田" not in text
        assert "204" not in text
    assert "••42" in on_screen(picture())
    assert "•04" in on_screen(picture())
    shown = on_screen(picture(), numbers=True)
    assert "03-5555-0142 山田" in shown
    assert "204" in shown


def test_a_call_says_all_there_is_to_know() -> None:
    text = on_screen(picture())
    for expected in ("01:15", "queue 料金", "ON HOLD", "8 kHz", "-23.4 dBFS", "50/s", "3 gaps, 60 ms", "key 9", "refused 2"):  # fmt: skip
        assert expected in text


def test_nothing_from_outside_moves_the_cursor() -> None:
    nasty = "\x1b[2J\x1b]0;x\x07\r\n"
    call = CallRow(
        nasty, nasty, Party(number=nasty, name=nasty), Party(), nasty, 1.0, held=False, legs=(LEG,)
    )
    problem = Problem(code="x", detail=nasty, remedy=nasty)
    shown = picture(calls=(call,), taps=(TapRow(nasty, (), (problem,), {}),), ended=(nasty,))
    for text in (on_screen(shown, numbers=True), as_line(shown), as_json(shown, numbers=True)):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\r" not in text
    assert "\n" not in as_line(shown)


@pytest.mark.parametrize(("width", "height"), [(60, 12), (80, 24), (200, 50)])
def test_what_does_not_fit_is_counted(width: int, height: int) -> None:
    many = tuple(
        CallRow(f"c-{number}", "t", Party(), Party(), None, 1.0, held=False, legs=(LEG, LEG))
        for number in range(40)
    )
    lines = on_screen(picture(calls=many), width=width, height=height).splitlines()
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert any("more calls" in line for line in lines)


def test_a_problem_is_shown_with_its_remedy_and_hints_while_nothing_arrives() -> None:
    tap = TapRow("ari", (), (Problem(code="x", detail="cannot log in", remedy="check ari.conf"),), {})
    shown = picture(taps=(tap,), calls=(), hints=("ari: make a call",))
    text = on_screen(shown)
    for expected in ("cannot log in", "next: check ari.conf", "nothing arrived yet", "make a call"):
        assert expected in text
    assert "cannot log in (next: check ari.conf)" in as_line(shown)
    assert json.loads(as_json(shown, numbers=False))["hints"] == ["ari: make a call"]


class QuietTap:
    """A way in at which nothing has arrived."""

    name = "freeswitch"
    addresses: ClassVar = {"freeswitch_media": ("127.0.0.1", 8768)}

    def __init__(
        self, refused: dict[str, int], left_out: int = 0, problems: tuple[Problem, ...] = ()
    ) -> None:
        self._refused, self._left_out, self._problems = refused, left_out, problems

    async def listen(self) -> None: ...

    async def run(self) -> None: ...

    async def close(self) -> None: ...

    def problems(self) -> tuple[Problem, ...]:
        return self._problems

    def refusals(self) -> dict[str, int]:
        return self._refused

    def counters(self) -> dict[str, int]:
        return {
            "freeswitch_refused": sum(self._refused.values()),
            "freeswitch_not_heard_internal_call": self._left_out,
        }


def freeswitch() -> Integration[Any]:
    return AgentConfig().integration("freeswitch")


def test_the_advice_for_a_refused_connection_is_that_of_its_reason() -> None:
    (unknown,) = hints(QuietTap({"unknown_token": 1}), freeswitch())
    assert "1 refused (unknown_token)" in unknown
    assert "add the PBX's network" not in unknown
    assert "Make a call" in unknown
    (stranger,) = hints(QuietTap({"peer_not_allowed": 3}), freeswitch())
    assert "add the PBX's network to [freeswitch] allow" in stranger
    most, _ = hints(QuietTap({"wrong_token": 1, "too_many_connections": 5}), freeswitch())
    assert "raise [freeswitch] max_streams" in most
    (other,) = hints(QuietTap({"something_new": 1}), freeswitch())
    assert "the log" in other


def test_hints_are_shown_in_the_reader_s_language() -> None:
    (refused,) = hints(QuietTap({"too_many_connections": 2}), freeswitch())
    shown = picture(taps=(), calls=(), hints=(refused,))
    assert "raise [freeswitch] max_streams" in as_line(shown)
    assert "[freeswitch] max_streams を増やす" in as_line(shown, "ja")
    assert json.loads(as_json(shown, numbers=False))["hints"] == [
        "freeswitch: 2 refused (too_many_connections): raise [freeswitch] max_streams, or close what keeps connections open"
    ]


def test_a_problem_is_said_instead_of_advice() -> None:
    problem = Problem(code="freeswitch_esl_auth", detail="refused", remedy="the password")
    assert hints(QuietTap({"unknown_token": 1}, problems=(problem,)), freeswitch()) == []


def test_calls_that_the_sides_leave_out_are_told() -> None:
    (hint,) = hints(QuietTap({}, left_out=2), freeswitch())
    assert "2 calls seen and not listened to" in hint


def test_who_is_only_reached_from_this_machine_is_told_the_key_of_that_table() -> None:
    assert "set [freeswitch] media_host and allow" in hints(QuietTap({}), freeswitch())[-1]


def test_every_key_in_the_advice_is_one_of_the_configuration() -> None:
    config = AgentConfig()
    for tap in ("audiosocket", "chan_websocket", "freeswitch", "siprec"):
        integration = config.integration(tap)
        texts = [advice(integration, reason) for reason in ("peer_not_allowed", "too_many_connections")]
        keys = {key for text in texts for key in re.findall(rf"\[{tap}\] (\w+)", text)}
        assert keys
        assert keys | {integration.host_key} <= set(type(integration.table).model_fields)


def test_calls_that_are_left_out_on_purpose_are_told_with_the_reason() -> None:
    """Patterns that make everybody an operator would otherwise look like a PBX that sends nothing."""
    [told] = not_heard({"asterisk_calls": 0, "asterisk_not_heard_internal_call": 2})
    assert told.startswith("2 calls seen and not listened to")
    assert "customer_endpoints" in told
    assert not_heard({"asterisk_not_heard_internal_call": 0, "mirror_calls_not_heard": 3}) == []


def test_refusals_are_read_at_eighty_columns() -> None:
    listens = ("audiosocket 127.0.0.1:9092", "announce 127.0.0.1:8766")
    tap = TapRow("audiosocket", listens, (), {"audiosocket_refused": 3})
    assert "refused 3" in on_screen(picture(taps=(tap,), calls=()), width=80, height=24)
