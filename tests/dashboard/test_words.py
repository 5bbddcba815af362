"""The words of the pages: both languages complete, and enough for everything the contract can say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kikimori_dashboard.routes import STATIC
from kikimori_wire.messages import Action, CallStatus, ClosedBecause, Outcome, Severity


def words(language: str) -> dict[str, str]:
    def flat(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
        found: dict[str, str] = {}
        for key, value in table.items():
            found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        return found

    return flat(json.loads((STATIC / "i18n" / f"{language}.json").read_text(encoding="utf-8")))


def test_both_languages_have_the_same_keys() -> None:
    assert words("ja").keys() == words("en").keys()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_everything_the_contract_can_say_is_worded(language: str) -> None:
    known = words(language)
    wanted = [f"action.{each}" for each in Action] + [f"doing.{each}" for each in Action]
    wanted += [f"done.{each}" for each in Action] + [f"status.{each}" for each in CallStatus]
    wanted += [f"severity.{each}" for each in Severity] + [f"closed.{each}" for each in ClosedBecause]
    wanted += [f"outcome.{each}" for each in Outcome if each is not Outcome.DONE]
    assert [key for key in wanted if not known.get(key)] == []


def test_the_screen_never_says_that_it_is_harassment() -> None:
    claims = [
        key
        for language in ("ja", "en")
        for key, text in words(language).items()
        if ("ハラスメント" in text or "harassment" in text.lower()) and key != "ui.evidence_note"
    ]
    assert claims == []
