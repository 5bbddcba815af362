"""A call told as lines, judged by the shipped rules: what tests of judging are written in."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from kikimori.config import AgentConfig
from kikimori.phrase_finder import configured_book
from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.phrases import PhraseBook
from kikimori_core.judging.rules import load_rules
from kikimori_core.model.alert import ClosedBecause
from kikimori_core.model.call import Role
from kikimori_core.model.evidence import ButtonPress, EffortWindow, Utterance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_core.judging.kinds.rule import Rule
    from kikimori_core.model.alert import AlertChange
    from kikimori_core.model.evidence import Evidence

CUSTOMER, OPERATOR, MIXED = Role.CUSTOMER, Role.OPERATOR, Role.MIXED

PHRASES = configured_book(AgentConfig())
RULES = load_rules(AgentConfig().rule_files())


def rules(*ids: str) -> tuple[Rule, ...]:
    """Some of the shipped rules."""
    found = tuple(rule for rule in RULES if rule.id in ids)
    assert len(found) == len(ids)
    return found


def said(text: str, at_s: float, role: Role = CUSTOMER, *, final: bool = True) -> Utterance:
    return Utterance(role, f"{role}-{at_s}", at_s, at_s + 2, text, final)


def voice(
    at_s: float,
    *,
    raised: bool = False,
    role: Role = CUSTOMER,
    speech_s: float = 0.2,
    over: float | None = 12.0,
) -> EffortWindow:
    """One block of speech of 0.2 s."""
    tilt = 8.0 if raised else 0.0
    return EffortWindow(
        role,
        at_s,
        at_s + 0.2,
        speech_s,
        -15.0,
        tilt - 6.5,
        over,
        None if over is None else tilt,
        None if over is None else tilt / 1.5,
        0.95 if raised else 0.02,
    )


def voices(
    from_s: float, to_s: float, *, raised: bool = False, role: Role = CUSTOMER, every: int = 1
) -> list[EffortWindow]:
    """Speech without pause; `every` n-th block is raised."""
    blocks = range(round(from_s * 5), round(to_s * 5))
    return [
        voice(at / 5, raised=raised and number % every == 0, role=role) for number, at in enumerate(blocks)
    ]


def pressed(at_s: float) -> ButtonPress:
    return ButtonPress(at_s, "page", "operator 204")


def judged(
    told: Iterable[Evidence],
    *,
    until_s: float | None = None,
    rules: Iterable[Rule] = RULES,
    words_heard: bool = True,
    end: bool = False,
    book: PhraseBook = PHRASES,
) -> list[AlertChange]:
    """Judge evidence in the order of its end, the clock advancing by blocks in between and on to `until_s`."""
    judge = CallJudge(rules, book, words_heard=words_heard)
    changes: list[AlertChange] = []
    now = count()
    clock_s = 0.0

    def wait_until(time_s: float) -> None:
        nonlocal clock_s
        while clock_s + 0.2 <= time_s + 1e-9:
            clock_s = (next(now) + 1) * 0.2
            changes.extend(judge.advance(clock_s))

    for each in sorted(told, key=lambda each: each.end_s):
        wait_until(each.end_s)
        changes += judge.observe(each)
    if until_s is not None:
        wait_until(until_s)
    if end:
        changes += judge.end(clock_s, ClosedBecause.CALL_ENDED)
    return changes


def opened(changes: list[AlertChange]) -> list[tuple[str, str, float]]:
    """Rule, severity and time of each alert that was opened."""
    return [
        (change.rule, str(change.severity), round(change.raised_s, 1))
        for change in changes
        if change.revision == 1
    ]
