"""The words of the pages: both languages complete, and enough for everything the contract can say."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from kikimori_core.wire.messages import Action, CallStatus, ClosedBecause, Outcome, Severity
from kikimori_dashboard.pages.pages import STATIC
from kikimori_dashboard.pages.sentences import BUILTIN, read_file
from kikimori_records.people.fields import ROLE_NAMES

ROOT = Path(__file__).parents[2]
UNWANTED = tomllib.loads(
    (Path(__file__).parent / "data" / "unwanted_words.toml").read_text(encoding="utf-8")
)["unwanted"]


NO_CLAIMS = {"ui.evidence_note", "call.accommodated_why"}
"""Texts that name harassment and say that the screen does not decide, or what it is not."""


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
def test_no_key_stands_twice(language: str) -> None:
    """The later of two replaces the earlier, with everything in it."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({key for key, _ in pairs}) == len(pairs), [key for key, _ in pairs]
        return dict(pairs)

    json.loads((STATIC / "i18n" / f"{language}.json").read_text(encoding="utf-8"), object_pairs_hook=once)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_everything_the_contract_can_say_is_worded(language: str) -> None:
    known = words(language)
    wanted = [f"action.{each}" for each in Action] + [f"doing.{each}" for each in Action]
    wanted += [f"done.{each}" for each in Action] + [f"status.{each}" for each in CallStatus]
    wanted += [f"severity.{each}" for each in Severity] + [f"closed.{each}" for each in ClosedBecause]
    wanted += [f"outcome.{each}" for each in Outcome if each is not Outcome.DONE]
    assert [key for key in wanted if not known.get(key)] == []


def test_roles_have_one_name_on_pages_and_in_files() -> None:
    known = words("ja")
    assert {role: known[f"people.role.{role}"] for role in ROLE_NAMES} == ROLE_NAMES
    assert [key for key in known if key.rpartition(".")[2] == "wall"] == ["people.role.wall"]


def test_the_screen_never_says_that_it_is_harassment() -> None:
    claims = [
        key
        for language in ("ja", "en")
        for key, text in words(language).items()
        if ("ハラスメント" in text or "harassment" in text.lower()) and key not in NO_CLAIMS
    ]
    assert claims == []


def sentences(language: str) -> dict[str, str]:
    """Sentences that the operator's page proposes."""
    file = read_file(BUILTIN / f"{language}.toml")
    return {f"{each.when} {each.severity} {each.occasion}": each.say for each in file.sentence}


def titles(language: str) -> dict[str, str]:
    """Titles that people read: of the rules, and of the demo's calls."""
    found = {}
    for path in (ROOT / "config" / "rules" / "default.toml", ROOT / "config" / "demo" / "rules.toml"):
        for rule in tomllib.loads(path.read_text(encoding="utf-8"))["rule"]:
            found[f"{path.name} {rule['id']}"] = rule["title"][language]
    for path in (ROOT / "agent" / "kikimori_lab" / "demo" / "calls").glob("*.json"):
        found[path.name] = json.loads(path.read_text(encoding="utf-8"))["title"][language]
    return found


@pytest.mark.parametrize("each", UNWANTED, ids=lambda each: each["word"])
def test_unwanted_words_do_not_come_back(each: dict[str, str]) -> None:
    """One word for the customer and one for the employee, and no words that read oddly or make people angrier."""
    texts = words(each["language"]) | titles(each["language"]) | sentences(each["language"])
    assert [key for key, text in texts.items() if each["word"] in text] == [], f"write {each['instead']}"
