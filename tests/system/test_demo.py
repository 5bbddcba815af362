"""`kikimori demo --once --json` in full, in real time: with words and, at the same time, without."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.support.program import kikimori

from kikimori_lab.demo.script import load_calls


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


TOLERATED = {call.truth.operator.extension: call.truth.tolerated for call in load_calls()}
"""Rules that a call may raise besides, by operator: none in a calm call."""


def _raised(said: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Operator, rule and severity of every alert, less what is tolerated."""
    return sorted(
        (each["operator"], each["rule"], each["severity"])
        for each in said
        if each["type"] == "alert" and each["rule"] not in TOLERATED[each["operator"]]
    )


def _expected(*, words: bool | None = None) -> list[tuple[str, str, str]]:
    """Operator, rule and severity of every alert that must come."""
    return sorted(
        (call.truth.operator.extension, each.rule, str(each.severity))
        for call in load_calls()
        for each in call.truth.expected_alerts
        if words is None or each.needs_words is words
    )


@pytest.mark.timeout(1500)
async def test_exactly_the_expected_alerts() -> None:
    hearing, deaf = await asyncio.gather(
        kikimori("demo", "--once", "--json", within_s=1400),
        kikimori("demo", "--once", "--json", "--no-speech", within_s=1400),
    )
    said = _lines(hearing.out)
    assert hearing.code == 0, hearing.out
    assert _expected() == _raised(said)
    assert said[-1] == {
        "type": "result",
        "calls": len(load_calls()),
        "alerts": sum(each["type"] == "alert" for each in said),
        "not_judged": 0,
        "exactly_as_expected": True,
    }

    said = _lines(deaf.out)
    assert deaf.code == 0, deaf.out
    assert _expected(words=False) == _raised(said)
    not_judged = [each for each in said if each["type"] == "not_judged"]
    assert sorted(each["rule"] for each in not_judged) == sorted(rule for _, rule, _ in _expected(words=True))
    assert {each["reason"] for each in not_judged} == {"no model"}
