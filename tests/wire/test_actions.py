"""Every action is described once, and the pages have its texts and its table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kikimori_core.wire.actions import ACTIONS, FOR_HELP, MOVES, NEED_REASON, RING, ButtonPlace, Lane, lane_of
from kikimori_core.wire.messages import Action
from kikimori_dashboard.actions.action_table import TABLE, text

LANGUAGES = ("ja", "en")


def texts(language: str) -> Any:
    return json.loads((TABLE.parents[2] / "i18n" / f"{language}.json").read_text(encoding="utf-8"))


def test_each_action_of_the_wire_is_described_once() -> None:
    assert sorted(each.action for each in ACTIONS) == sorted(Action)


def test_the_table_of_the_pages_is_the_one_that_is_made_from_it() -> None:
    assert TABLE.read_text(encoding="utf-8") == text(), "python -m kikimori_dashboard.actions.action_table"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_action_has_its_texts(language: str) -> None:
    written = texts(language)
    missing = [
        f"{part}.{each.action}"
        for each in ACTIONS
        for part in ("action", "doing", "done")
        if each.action not in written[part]
    ]
    assert missing == []


def test_what_agents_ask_of_an_action() -> None:
    """As the agents of the release before do: a press that they would refuse must not be offered."""
    assert set(MOVES) == {"hold", "unhold", "take_back", "transfer", "hold_transfer", "hang_up"}
    assert set(RING) == {"transfer", "hold_transfer", "listen", "whisper", "barge"}
    assert set(NEED_REASON) == {"hang_up", "barge"}


def test_an_action_of_a_newer_release_is_a_move() -> None:
    assert lane_of(Action("juggle")) is Lane.MOVE


def test_what_is_for_operators_alone() -> None:
    found = [each.action for each in ACTIONS if each.place is ButtonPlace.OPERATOR]
    assert found == [Action.ESCALATE, Action.ESCALATE_CANCEL] == list(FOR_HELP)
