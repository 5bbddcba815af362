"""Repeat callers: contacts, minutes and incidents of the last days, told by a dashboard while the call runs."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.kinds.repeat_caller import RepeatCallerRule
from kikimori_core.judging.phrases import NoPhrases
from kikimori_core.judging.summary import with_summary
from kikimori_core.model.alert import AlertChange, Severity
from kikimori_core.model.evidence import ContactsOfDay, EarlierContacts

TITLE = {"ja": "繰り返しのお電話", "en": "Repeat caller"}


def told(judge: CallJudge, now_s: float, *days: tuple[int, int, float, int]) -> list[AlertChange]:
    assert judge.observe(EarlierContacts(now_s, tuple(ContactsOfDay(*each) for each in days))) == []
    return judge.advance(now_s + 0.2)


def judging(**limits: float) -> CallJudge:
    return CallJudge([rule(**limits)], NoPhrases(), words_heard=False)


def rule(**limits: float) -> RepeatCallerRule:
    return RepeatCallerRule.model_validate(
        {"id": "r", "kind": "repeat_caller", "title": TITLE, "days": 7, **limits}
    )


@pytest.mark.parametrize(
    ("limits", "days", "reached"),
    [
        ({"contacts": 3}, [(0, 1, 1, 0), (6, 1, 1, 0)], ("contacts",)),
        ({"contacts": 3}, [(0, 1, 1, 0), (7, 9, 999, 9)], None),
        ({"minutes": 60}, [(0, 1, 40, 0), (1, 1, 20, 0)], ("minutes",)),
        ({"incidents": 2, "contacts": 3}, [(2, 2, 1, 2)], ("contacts", "incidents")),
        ({"contacts": 1}, [], None),
    ],
)
def test_what_is_reached_within_the_days_is_told(
    limits: dict[str, float], days: list[tuple[int, int, float, int]], reached: tuple[str, ...] | None
) -> None:
    changes = told(judging(**limits), 1.0, *days)
    found = [each.evidence[0].model_dump()["reached"] for each in changes]
    assert found == ([] if reached is None else [reached])
    assert all(each.severity is Severity.NOTICE for each in changes)


def test_the_same_told_again_changes_nothing_and_more_is_told() -> None:
    judge = judging(contacts=2)
    (change,) = told(judge, 1.0, (0, 2, 5.4, 1))
    assert told(judge, 21.0, (0, 2, 5.4, 1)) == []
    assert with_summary(change.evidence[0]).summary == {
        "ja": "7日間で3回目のお電話（これまで計5分、警告のあった通話1件）",
        "en": "contact 3 in 7 days (5 min before, 1 with a warning)",
    }
    (grown,) = told(judge, 41.0, (0, 3, 9.0, 1))
    assert (grown.revision, grown.evidence[0].model_dump()["contacts"]) == (2, 4)


def test_a_marked_call_is_left_alone_until_the_mark_is_taken_back() -> None:
    judge = judging(contacts=2)
    judge.accommodate(marked=True)
    assert told(judge, 1.0, (0, 5, 5.0, 0)) == []
    judge.accommodate(marked=False)
    assert len(judge.advance(3.0)) == 1
    (over,) = judge.accommodate(marked=True)
    assert over.closed_because == "accommodated"
    judge.accommodate(marked=False)
    assert len(judge.advance(9.0)) == 1


def test_a_rule_that_counts_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="contacts, minutes or incidents"):
        rule()
