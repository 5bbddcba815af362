"""Transcripts told line by line: whatever comes in, a browser that folds the changes has what a new one would get."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from kikimori_core.wire.messages import CallState, OtherHearing, Party, Role, TranscriptLine
from kikimori_dashboard import DashboardSettings
from kikimori_dashboard.picture.views import Views
from kikimori_dashboard.site.state import SiteState
from kikimori_dashboard.site.transcript import KEPT_GONE, KEPT_LINES

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def call(**fields: Any) -> CallState:
    return CallState(
        call_id="c",
        site="main",
        agent_id="a",
        tap="siprec",
        started_at=NOON,
        operator=Party(number="204"),
        **fields,
    )


def line(
    number: int, *, final: bool = True, role: Role = Role.CUSTOMER, text: str = "はい"
) -> TranscriptLine:
    return TranscriptLine(
        call_id="c", line_id=f"l{number}", role=role, start_s=number, end_s=number + 1, text=text, final=final
    )


class Browser:
    """Folds deltas as the page does."""

    def __init__(self, state: SiteState) -> None:
        self._state = state
        self._views = Views(state, DashboardSettings())
        self.seq = -1
        self.lines: dict[str, Any] = {}
        self.parts: list[set[str]] = []
        self._take(json.loads(self._views.snapshot(NOON)))

    def catch_up(self) -> None:
        text = self._views.delta(self.seq, NOON, by_line=True)
        assert text is not None
        self._take(json.loads(text))

    def _take(self, message: dict[str, Any]) -> None:
        self.seq = message["seq"]
        self.parts.append({"calls", "lines"} & message.keys())
        if told := message.get("calls", {}).get("c"):
            self.lines = {each["id"]: each for each in told["lines"]}
        if told := message.get("lines", {}).get("c"):
            for gone in told["gone"]:
                self.lines.pop(gone, None)
            self.lines |= {each["id"]: each for each in told["changed"]}

    @property
    def shown(self) -> list[Any]:
        return sorted(self.lines.values(), key=lambda each: (each["start_s"], each["id"]))


@pytest.mark.parametrize("seed", range(20))
def test_the_changes_add_up_to_the_whole(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311
    state = SiteState()
    state.take_call(call())
    often, seldom = Browser(state), Browser(state)
    for step in range(400):
        number = max(0, step // 3 - draw.randrange(4))
        said = line(number, final=draw.random() < 0.5, role=draw.choice(list(Role)), text=f"はい {step}")
        if draw.random() < 0.03:
            state.take_call(call(transcript_tail=(said.model_copy(update={"final": True}),)))
        else:
            state.take_line(said)
        for browser, share in ((often, 0.7), (seldom, 0.02)):
            if draw.random() < share:
                browser.catch_up()
                assert browser.shown == state.calls["c"].tail.view()
    assert {"lines"} in often.parts


def test_a_word_costs_its_own_line_and_no_other() -> None:
    state = SiteState()
    state.take_call(call(transcript_tail=tuple(line(number) for number in range(KEPT_LINES))))
    views = Views(state, DashboardSettings())
    seen = state.changes.version
    state.take_line(line(100))
    told = json.loads(views.delta(seen, NOON, by_line=True) or "")
    assert [each["id"] for each in told["lines"]["c"]["changed"]] == ["l100"]
    assert told["lines"]["c"]["gone"] == ["l0"]
    assert "calls" not in told


def test_a_page_that_does_not_know_of_lines_gets_the_whole_call() -> None:
    """A page that was loaded before an upgrade stays open and connects again."""
    state = SiteState()
    state.take_call(call())
    views = Views(state, DashboardSettings())
    seen = state.changes.version
    state.take_line(line(1))
    told = json.loads(views.delta(seen, NOON) or "")
    assert [each["id"] for each in told["calls"]["c"]["lines"]] == ["l1"]
    assert "lines" not in told


def test_who_was_away_too_long_gets_the_whole_call() -> None:
    state = SiteState()
    state.take_call(call())
    browser = Browser(state)
    for number in range(KEPT_LINES + KEPT_GONE + 20):
        state.take_line(line(number))
    browser.catch_up()
    assert browser.parts[-1] == {"calls"}
    assert browser.shown == state.calls["c"].tail.view()


def test_a_second_hearing_takes_the_place_of_the_first_and_bears_it() -> None:
    state = SiteState()
    state.take_call(call())
    browser = Browser(state)
    state.take_line(line(1, text="責任者だせや"))
    other = OtherHearing(text="責任者だせや", engine="vosk")
    better = line(1, text="責任者を出せや").model_copy(update={"engine": "whisper", "other": other})
    # The next sentence has begun: it stays.
    state.take_line(line(3, final=False, text="それ"))
    state.take_line(better)
    browser.catch_up()
    assert [each["text"] for each in browser.shown] == ["責任者を出せや", "それ"]
    assert browser.shown[0]["other"] == {"text": "責任者だせや", "engine": "vosk"}


def test_a_final_without_text_takes_its_partial_away() -> None:
    state = SiteState()
    state.take_call(call())
    browser = Browser(state)
    state.take_line(line(1, final=False, text="よしよし"))
    browser.catch_up()
    state.take_line(line(1, text=""))
    browser.catch_up()
    assert browser.shown == []
