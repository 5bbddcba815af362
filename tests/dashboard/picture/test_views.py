"""JSON for the browsers: encoded once per change, and never out of date."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.dashboard.site.test_state import alert, call, health, line, press, seen
from tests.support import sample
from tests.support.sample import NOON

from kikimori_core.wire.messages import (
    Action,
    Alert,
    AlertState,
    CallLevels,
    CallState,
    CallStatus,
    ClosedBecause,
    Health,
    LegLevel,
    Levels,
    Outcome,
    Party,
    Role,
    Severity,
)
from kikimori_dashboard.access.extension_teams import ExtensionTeams
from kikimori_dashboard.access.roles import PersonRole
from kikimori_dashboard.access.who import Principal
from kikimori_dashboard.config import DashboardSettings
from kikimori_dashboard.live.sights import Sights
from kikimori_dashboard.picture.views import SHOWN_CLOSED, Views
from kikimori_dashboard.site.state import SiteState

PARTS = ("calls", "levels", "alerts", "agents", "commands", "extensions")
SUPERVISOR_OF_A_TEAM = Principal("A", frozenset({PersonRole.SUPERVISOR}), teams=frozenset({"1"}))
OPERATOR = Principal("B", frozenset({PersonRole.OPERATOR}), extensions=frozenset({"201"}))


class Watcher:
    """A browser: takes a snapshot, then changes, as `picture.js` does."""

    def __init__(self, views: Views) -> None:
        self.views = views
        self.picture: dict[str, Any] = json.loads(views.snapshot(NOON))

    def follow(self) -> dict[str, Any]:
        """Take what changed; return the picture without what differs by its nature."""
        text = self.views.delta(self.picture["seq"], NOON)
        assert text is not None
        change = json.loads(text)
        assert change["from"] == self.picture["seq"]
        for part in PARTS:
            for name, value in change.get(part, {}).items():
                if value is None:
                    self.picture[part].pop(name, None)
                else:
                    self.picture[part][name] = value
        for whole in ("site", "closed", "closed_more", "missed", "seq", "now"):
            if whole in change:
                self.picture[whole] = change[whole]
        return told(self.picture)


def told(picture: dict[str, Any]) -> dict[str, Any]:
    levels = {name: each for name, each in picture["levels"].items() if each is not None}
    return {**picture, "type": "", "levels": levels}


def test_changes_and_a_fresh_snapshot_say_the_same_after_every_message() -> None:
    state = SiteState()
    views = Views(state, DashboardSettings())
    watcher = Watcher(views)
    levels = CallLevels(media_s=1, legs={Role.CUSTOMER: LegLevel(level_db=-20, speaking=True)})

    def agree() -> None:
        fresh = json.loads(Views(state, DashboardSettings()).snapshot(NOON))
        assert watcher.follow() == told(fresh)
        assert told(json.loads(views.snapshot(NOON))) == told(fresh)

    agree()
    for step in (
        state.begin_reading_retained,
        lambda: state.take_health(health(online=True)),
        lambda: state.take_call(call("c")),
        lambda: state.take_alert(alert("c")),
        state.end_reading_retained,
        lambda: state.take_alert(alert("c", revision=2, severity=Severity.CRITICAL)),
        lambda: state.take_line(line("1", "もし", 0, final=False)),
        lambda: state.take_line(line("1", "もしもし", 0, final=True)),
        lambda: state.take_levels(Levels(agent_id="a", at=NOON, calls={"c": levels})),
        lambda: state.take_press(press(Action.HOLD)),
        lambda: state.take_call(call("c", status=CallStatus.ON_HOLD)),
        lambda: state.take_call(call("c")),
        lambda: state.press_unanswered(press(Action.HOLD)),
        lambda: state.take_health(health(online=False)),
        lambda: state.take_alert(
            alert("c", revision=3, state=AlertState.CLOSED, closed_because=ClosedBecause.CALMED)
        ),
        lambda: state.remove_call("c"),
        lambda: state.take_call(call("c")),
        lambda: state.remove_agent("a"),
        lambda: state.forget_old(NOON + timedelta(hours=1)),
        state.broker_lost,
    ):
        step()
        agree()


def test_what_went_while_no_browser_was_there_is_not_kept() -> None:
    state = SiteState()
    views = Views(state, DashboardSettings())
    for number in range(20):
        state.take_call(call(f"c{number}"))
        views.snapshot(NOON)
        state.remove_call(f"c{number}")
    views.snapshot(NOON)
    assert len(views._encoded) == 0


@pytest.mark.parametrize("who", [SUPERVISOR_OF_A_TEAM, OPERATOR])
def test_a_page_with_a_part_of_the_site_keeps_nothing_of_what_is_over(who: Principal) -> None:
    state = SiteState()
    views = Views(state, DashboardSettings())
    sights = Sights(state, views, ExtensionTeams())
    sight = sights.of(who, supervises=who is SUPERVISOR_OF_A_TEAM)
    assert sight is not None
    sight.snapshot(NOON)
    for number in range(20):
        before = state.changes.version
        state.take_call(call(f"c{number}", operator=Party(number="201")))
        state.take_alert(alert(f"c{number}"))
        shown = sight.delta(before, before, NOON, by_line=True)
        assert shown is not None
        assert f'"c{number}":{{' in shown
        state.remove_alert(alert(f"c{number}").alert_id)
        state.remove_call(f"c{number}")
    assert state.extensions.known()
    assert len(views._encoded) + len(sights._of_operator._encoded) == len(state.extensions.known())


def test_operators_pages_share_what_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    state = SiteState()
    sights = Sights(state, Views(state, DashboardSettings()), ExtensionTeams())
    state.take_health(health(online=True))
    state.take_call(call("c", operator=Party(number="201")))
    state.take_alert(alert("c"))
    first, second = (sights.of(OPERATOR, supervises=False) for _ in range(2))
    assert first is not None
    assert second is not None
    told = first.snapshot(NOON)

    def refuse(*_args: object, **_fields: object) -> str:
        raise AssertionError("encoded again")

    for model in (CallState, Alert, Health):
        monkeypatch.setattr(model, "model_dump", refuse)
    assert second.snapshot(NOON) == told


def test_a_snapshot_encodes_no_call_and_no_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    """They were encoded when they came; what else changes of a call does not encode it again."""
    state = SiteState()
    state.take_call(call("c"))
    state.take_alert(alert("c"))
    state.take_alert(alert("c", alert_id="c.over", state=AlertState.CLOSED))

    def refuse(*_args: object, **_fields: object) -> str:
        raise AssertionError("encoded again")

    monkeypatch.setattr(CallState, "model_dump_json", refuse)
    monkeypatch.setattr(Alert, "model_dump_json", refuse)
    state.take_sign_of_life(call("c").agent_id)
    picture = json.loads(Views(state, DashboardSettings()).snapshot(NOON))
    assert picture["calls"]["c"]["call_id"] == "c"
    assert [*picture["alerts"]] == [alert("c").alert_id]
    assert [each["alert_id"] for each in picture["missed"]["alerts"]] == ["c.over"]


def test_the_page_is_told_how_many_closed_alerts_it_does_not_show() -> None:
    state = SiteState()
    for number in range(SHOWN_CLOSED + 7):
        state.take_alert(alert("c", alert_id=f"c.{number}"))
    seen(state)
    for number in range(SHOWN_CLOSED + 7):
        state.take_alert(alert("c", revision=2, alert_id=f"c.{number}", state=AlertState.CLOSED))
    picture = json.loads(Views(state, DashboardSettings()).snapshot(NOON))
    assert [each["alert_id"] for each in picture["closed"][:2]] == ["c.106", "c.105"]
    assert (len(picture["closed"]), picture["closed_more"]) == (SHOWN_CLOSED, 7)


def test_a_call_tells_its_course() -> None:
    """Changes of its status with their time, and all presses, also those that a later one of the lane replaced."""
    state = SiteState()
    watcher = Watcher(Views(state, DashboardSettings()))
    state.take_call(call("c"))
    state.take_levels(Levels(agent_id="a", at=NOON, calls={"c": CallLevels(media_s=1, legs={})}))
    ring = press(Action.HOLD_TRANSFER, "1").model_copy(update={"target": "200"})
    state.take_press(ring)
    state.take_press(press(Action.TAKE_BACK, "2"))
    state.take_call(call("c", status=CallStatus.ON_HOLD))
    state.take_result(sample.result("1", call_id="c", outcome=Outcome.FAILED, reason="taken_back"))
    course = watcher.follow()["calls"]["c"]
    assert course["moves"] == [{"status": "on_hold", "at": NOON.isoformat()}]
    assert [(each["action"], each["target"], each["outcome"]) for each in course["presses"]] == [
        ("hold_transfer", "200", "failed"),
        ("take_back", None, None),
    ]
    state.take_call(call("seen-on-hold", status=CallStatus.ON_HOLD))
    assert watcher.follow()["calls"]["seen-on-hold"]["moves"] == [{"status": "on_hold", "at": None}]
