"""A page that says what it draws: it has what a new one would get, and words and levels of nothing else."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.dashboard.picture.test_views import SUPERVISOR_OF_A_TEAM
from tests.dashboard.site.test_state import alert, call, press
from tests.support.sample import NOON

from kikimori_core.wire.messages import (
    Action,
    Alert,
    AlertState,
    CallLevels,
    CallState,
    CallStatus,
    LegLevel,
    Levels,
    Party,
    Role,
    Severity,
    TranscriptLine,
)
from kikimori_dashboard.access.extension_teams import ExtensionTeams
from kikimori_dashboard.access.roles import PersonRole
from kikimori_dashboard.access.who import Principal
from kikimori_dashboard.config import DashboardSettings
from kikimori_dashboard.live.looks.message import Look
from kikimori_dashboard.live.sights import Sights
from kikimori_dashboard.picture.views import Views
from kikimori_dashboard.site import encoded_levels as levels_module
from kikimori_dashboard.site.state import SiteState

if TYPE_CHECKING:
    from kikimori_dashboard.live.looks.feed import LookFeed

SUPERVISOR = Principal("S", frozenset({PersonRole.SUPERVISOR}))
NAMES = tuple(f"c{number}" for number in range(6))


def sights(state: SiteState, teams: ExtensionTeams | None = None) -> Sights:
    return Sights(state, Views(state, DashboardSettings()), teams or ExtensionTeams())


class Reader:
    """Folds the messages as `picture.js` does."""

    def __init__(self, feed: LookFeed) -> None:
        self.feed = feed
        self.clock = 0.0
        self.seq: int | None = None
        self.calls: dict[str, Any] = {}
        self.alerts: dict[str, Any] = {}
        self.lines: dict[str, Any] = {}
        self.levels: dict[str, Any] = {}
        self.whole: str | None = None
        self.sent: list[str] = []

    def look(self, **drawn: Any) -> None:
        look = Look(type="look", **drawn)
        if look.whole != self.whole:
            self.whole, self.lines = look.whole, {}
        self.feed.look(look)

    def read(self, passed_s: float = 1.0, *, levels: bool = True) -> dict[str, Any]:
        """Take the next message, and return it."""
        self.clock += passed_s
        text = self.feed.news(NOON, self.clock, levels=levels)
        if not text:
            return {}
        self.sent.append(text)
        message: dict[str, Any] = json.loads(text)
        if message["type"] == "snapshot":
            self.calls, self.alerts, self.lines, self.levels = {}, {}, {}, {}
        else:
            assert message["from"] == self.seq
        self.seq = self.feed.sent = message["seq"]
        for part in ("calls", "alerts", "levels"):
            held = getattr(self, part)
            for name, value in message.get(part, {}).items():
                if value is None:
                    held.pop(name, None)
                else:
                    held[name] = value
        for told in message.get("lines", {}).values():
            if told.get("all"):
                self.lines = {}
            for gone in told["gone"]:
                self.lines.pop(gone, None)
            self.lines |= {each["id"]: each for each in told["changed"]}
        return message

    @property
    def shown_lines(self) -> list[Any]:
        return sorted(self.lines.values(), key=lambda each: (each["start_s"], each["id"]))


def said(call_id: str, number: int, *, final: bool = True) -> TranscriptLine:
    return TranscriptLine(
        call_id=call_id,
        line_id=f"l{number}",
        role=Role.CUSTOMER,
        start_s=number,
        end_s=number + 1,
        text=f"{call_id} の言葉 {number}",
        final=final,
    )


def levels(media_s: float, *calls: str, level_db: float = -20.4) -> Levels:
    leg = LegLevel(level_db=level_db, speaking=True, over_calm_db=3.2, effort=0.41)
    each = CallLevels(
        media_s=media_s, legs={Role.CUSTOMER: leg, Role.OPERATOR: LegLevel(level_db=-55, speaking=False)}
    )
    return Levels(agent_id="a", at=NOON, calls=dict.fromkeys(calls, each))


@pytest.mark.parametrize("seed", range(8))
def test_whatever_comes_and_whatever_is_drawn_the_page_has_what_is_there(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311
    state = SiteState()
    reader = Reader(sights(state).feed(SUPERVISOR))
    for step in range(300):
        name = draw.choice(NAMES)
        match draw.randrange(7):
            case 0:
                state.take_call(call(name, status=draw.choice(list(CallStatus))))
            case 1:
                severity = draw.choice(list(Severity))
                closed = AlertState.CLOSED if draw.random() < 0.3 else AlertState.OPEN
                state.take_alert(alert(name, revision=step + 1, severity=severity, state=closed))
            case 2 | 3:
                state.take_line(said(name, step, final=draw.random() < 0.7))
            case 4 | 5:
                state.take_levels(levels(step, *NAMES, level_db=-20 - step % 30))
            case _:
                whole = draw.choice([None, *NAMES])
                reader.look(cards=draw.sample(NAMES, 2), rows=draw.sample(NAMES, 2), whole=whole)
        if draw.random() < 0.5:
            continue
        reader.read()
        fresh = Reader(sights(state).feed(SUPERVISOR))
        fresh.read()
        assert reader.calls == fresh.calls
        assert reader.alerts == fresh.alerts
        if (entry := state.calls.get(reader.whole or "")) is not None:
            assert reader.shown_lines == entry.tail.view()


def test_of_what_is_not_drawn_neither_words_nor_levels_are_sent() -> None:
    state = SiteState()
    for name in NAMES:
        state.take_call(call(name))
    reader = Reader(sights(state).feed(SUPERVISOR))
    state.take_levels(levels(1.0, *NAMES))
    first = reader.read()
    assert first["type"] == "snapshot"
    assert not {"lines", "levels", "past"} & first.keys()
    assert "lines" not in first["calls"]["c0"]
    reader.look(cards=["c0"], rows=["c1"], whole="c2")
    assert set(reader.read()["levels"]) == {"c0", "c1", "c2"}
    for name in NAMES:
        state.take_line(said(name, 1))
    state.take_levels(levels(2.0, *NAMES, level_db=-30))
    told = reader.read()
    assert (set(told["levels"]), set(told["lines"])) == ({"c0", "c1", "c2"}, {"c2"})
    assert told["levels"]["c0"] == {"s": 2.0, "customer": [-30, 3, 41]}
    assert told["levels"]["c1"] == {"customer": -30}
    state.take_line(said("c5", 2))
    state.take_levels(levels(3.0, "c5"))
    assert reader.read() == {}


def test_rows_once_a_second_and_only_what_differs_in_whole_db() -> None:
    state = SiteState()
    for name in NAMES:
        state.take_call(call(name))
    reader = Reader(sights(state).feed(SUPERVISOR))
    reader.look(rows=["c0"])
    state.take_levels(levels(1.0, *NAMES))
    assert "c0" in reader.read()["levels"]
    state.take_levels(levels(1.1, *NAMES, level_db=-31))
    assert reader.read(0.1) == {}
    assert reader.read(1.0)["levels"] == {"c0": {"customer": -31}}
    state.take_levels(levels(2.3, *NAMES, level_db=-31.3))
    assert reader.read(1.0) == {}
    raised = LegLevel(level_db=-12, speaking=True, over_calm_db=9, effort=0.8)
    each = CallLevels(media_s=3.0, legs={Role.CUSTOMER: raised})
    state.take_levels(Levels(agent_id="a", at=NOON, calls={"c0": each}))
    assert reader.read(1.1)["levels"] == {"c0": {"customer": [-12, 9, 80]}}


def test_a_change_between_two_intervals_brings_no_levels_of_cards() -> None:
    state = SiteState()
    state.take_call(call("c0"))
    reader = Reader(sights(state).feed(SUPERVISOR))
    reader.look(cards=["c0"])
    state.take_levels(levels(1.0, "c0"))
    reader.read()
    state.take_levels(levels(1.1, "c0", level_db=-40))
    state.take_alert(alert("c0"))
    told = reader.read(0.01, levels=False)
    assert "alerts" in told
    assert "levels" not in told
    assert "levels" in reader.read(0.09)


def test_the_last_minute_comes_once_for_a_call_that_becomes_a_card() -> None:
    state = SiteState()
    state.take_call(call("c0"))
    reader = Reader(sights(state).feed(SUPERVISOR))
    for half in range(300):
        state.take_levels(levels(half / 2, "c0", level_db=-10 - half % 40))
    reader.look(cards=["c0"])
    past = reader.read()["past"]["c0"]
    assert (past["step_s"], past["end_s"]) == (0.5, 150.0)
    customer = past["legs"]["customer"]
    assert (len(customer["db"]), customer["db"][-1], customer["effort"][0]) == (120, -10 - 299 % 40, 41)
    assert set(past["legs"]["operator"]["db"]) == {None}
    state.take_levels(levels(150.2, "c0"))
    assert "past" not in reader.read()
    reader.look(cards=["c0"], whole="c0")
    assert "past" not in reader.read()
    reader.look(rows=["c0"])
    reader.read()
    reader.look(whole="c0")
    assert reader.read()["past"]["c0"]["end_s"] == 150.5


def test_time_without_reports_is_empty_in_the_last_minute() -> None:
    state = SiteState()
    state.take_call(call("c0"))
    for media_s in (10.0, 10.6, 13.0):
        state.take_levels(levels(media_s, "c0"))
    reader = Reader(sights(state).feed(SUPERVISOR))
    reader.look(whole="c0")
    past = reader.read()["past"]["c0"]
    assert past["legs"]["customer"]["db"] == [-20, -20, None, None, None, None, -20]
    state.take_levels(levels(1.0, "c0"))  # the agent was restarted
    assert reader.read()["past"]["c0"]["end_s"] == 1.5


def test_pages_that_see_the_same_share_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    state = SiteState()
    state.take_call(call("c0"))
    of = sights(state)
    first, second = (Reader(of.feed(SUPERVISOR)) for _ in range(2))
    first.read(), second.read()
    state.take_call(call("c0", queue="support"))
    state.take_alert(alert("c0"))
    state.take_levels(levels(1.0, "c0"))
    first.look(cards=["c0"], whole="c0")
    second.look(cards=["c0"], whole="c0")
    first.read()

    def refuse(*_args: object, **_fields: object) -> str:
        raise AssertionError("encoded again")

    for model in (CallState, Alert):
        monkeypatch.setattr(model, "model_dump_json", refuse)
    monkeypatch.setattr(type(of._drawn), "_members", refuse)
    monkeypatch.setattr(levels_module, "_leg", refuse)
    second.read()
    assert first.sent[1] == second.sent[1]


def test_a_supervisor_of_a_team_gets_nothing_of_others_whatever_is_asked_for() -> None:
    state = SiteState()
    teams = ExtensionTeams()
    teams.replace({"201": "1", "205": "2"})
    state.take_call(call("own", operator=Party(number="201")))
    state.take_call(call("others", operator=Party(number="205")))
    reader = Reader(sights(state, teams).feed(SUPERVISOR_OF_A_TEAM))
    reader.look(cards=["own", "others"], rows=["own", "others"], whole="others")
    state.take_alert(alert("others"))
    for step in range(5):
        for name in ("own", "others"):
            state.take_line(said(name, step))
        state.take_levels(levels(step, "own", "others", level_db=-20 - step))
        reader.read()
    assert reader.calls.keys() == {"own"}
    assert "others" not in "".join(reader.sent)
    # It goes to the own team, and away again.
    state.take_call(call("others", operator=Party(number="201")))
    assert reader.read()["lines"]["others"]["all"] is True
    assert reader.levels.keys() == {"own", "others"}
    state.take_call(call("others", operator=Party(number="205")))
    assert reader.read()["calls"] == {"others": None}
    state.take_line(said("others", 9))
    state.take_levels(levels(9, "others"))
    assert reader.read() == {}
    # Who is put into another team begins anew.
    teams.replace({"201": "2", "205": "1"})
    told = reader.read()
    assert (told["type"], told["calls"].keys()) == ("snapshot", {"others"})


def test_a_press_changes_the_lane_of_its_call() -> None:
    state = SiteState()
    state.take_call(call("c"))
    state.take_alert(alert("c", raised_at=NOON - timedelta(seconds=5)))
    reader = Reader(sights(state).feed(SUPERVISOR))
    reader.read()
    assert reader.calls["c"]["lane"] == "attention"
    state.take_press(press(Action.HOLD_TRANSFER))
    reader.read()
    assert reader.calls["c"]["lane"] == "ringing"


def test_a_call_that_begins_again_under_its_name_is_told_anew() -> None:
    state = SiteState()
    state.take_call(call("c"))
    reader = Reader(sights(state).feed(SUPERVISOR))
    reader.look(whole="c")
    state.take_line(said("c", 1))
    state.take_levels(levels(50.0, "c"))
    reader.read()
    state.remove_call("c")
    state.take_call(call("c"))
    state.take_line(said("c", 2))
    state.take_levels(levels(1.0, "c"))
    told = reader.read()
    assert told["past"]["c"]["end_s"] == 1.5
    assert [each["id"] for each in reader.shown_lines] == ["l2"]
