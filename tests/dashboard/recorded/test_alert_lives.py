"""Views of a recorded call that a page gets, from its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.recorded import call_row, keep_calls, tokyo
from tests.support.stores import opened

from kikimori_core.journal.settings import RecordsTable
from kikimori_dashboard.recorded.alert_lives import alert_view
from kikimori_dashboard.recorded.call_view import lines_view
from kikimori_records.calls.queries import head_of
from kikimori_records.settings import StoreSettings
from kikimori_records.sounds.sound_place import SoundPlace

if TYPE_CHECKING:
    from pathlib import Path


def words(start_s: float, text: str, **more: Any) -> dict[str, Any]:
    return {"kind": "words", "role": "customer", "start_s": start_s, "text": text, **more}


def test_of_a_demand_that_was_counted_anew_the_last_count_is_there() -> None:
    def revision(media_s: float, *evidence: dict[str, Any]) -> dict[str, Any]:
        return {"media_s": media_s, "alert": {"severity": "warning", "state": "open", "evidence": evidence}}

    def counted(*times_s: float) -> dict[str, Any]:
        return {"kind": "answered", "start_s": times_s[0], "times_s": times_s, "count": len(times_s)}

    other = counted(400, 420, 440)
    revisions = [revision(31.0, words(10, "a"), counted(10, 20, 30)), revision(33.0, counted(20, 30), other)]
    row = {"alert_id": "a1", "rule": "r", "kind": "repeated", "severity": "warning", "opened_s": 31.0}
    view = alert_view({**row, "closed_s": None, "revisions": revisions})
    assert view["evidence"] == [words(10, "a"), counted(20, 30), other]


def test_a_corrected_count_stays_in_the_life_of_its_alert() -> None:
    """Though the demand is made again and counted as often as before."""

    def revision(media_s: float, severity: str, count: int, before: int | None) -> dict[str, Any]:
        counted = {"kind": "answered", "start_s": 10, "times_s": [10, 20, 30][:count], "count": count}
        evidence = [{**counted, "count_before": before}, {"kind": "answered", "count_before": "3"}]
        return {
            "media_s": media_s,
            "alert": {"severity": severity, "state": "open", "evidence": evidence},
        }

    revisions = [
        revision(31, "warning", 3, None),
        revision(33, "notice", 2, 3),
        revision(50, "warning", 3, None),
    ]
    row = {"alert_id": "a1", "rule": "r", "kind": "repeated", "severity": "warning", "opened_s": 31.0}
    view = alert_view({**row, "closed_s": None, "revisions": revisions})
    assert [(each["severity"], each["corrected"]) for each in view["life"]] == [
        ("warning", []),
        ("notice", [[3, 2]]),
        ("warning", []),
    ]


def test_evidence_of_all_revisions_is_there_once_as_it_was_last() -> None:
    loud = {"kind": "shouting", "start_s": 2.0, "end_s": 3.0}
    revisions = [
        {"media_s": 3.0, "alert": {"severity": "notice", "state": "open", "evidence": [words(1, "a"), loud]}},
        {
            "media_s": 4.0,
            "alert": {"severity": "notice", "state": "open", "evidence": [{**loud, "end_s": 4.0}]},
        },
        {"media_s": 9.0, "alert": {"severity": "warning", "state": "open", "evidence": [words(8, "b"), {}]}},
        {
            "media_s": 12.0,
            "alert": {
                "severity": "warning",
                "state": "closed",
                "closed_because": "calmed",
                "title": {"ja": "題"},
            },
        },
    ]
    row = {
        "alert_id": "a1",
        "rule": "r",
        "kind": "phrase",
        "severity": "warning",
        "opened_s": 3.0,
        "closed_s": 12.0,
    }
    view = alert_view({**row, "revisions": revisions})
    assert view["evidence"] == [words(1, "a"), {**loud, "end_s": 4.0}, words(8, "b")]
    assert [(each["media_s"], each["state"], each["severity"]) for each in view["life"]] == [
        (3.0, "open", "notice"),
        (9.0, "open", "warning"),
        (12.0, "closed", "warning"),
    ]
    assert (view["title"], view["closed_because"]) == ({"ja": "題"}, "calmed")
    # Its words and revisions are removed after their days.
    assert alert_view({**row, "revisions": []})["evidence"] == []


def test_a_line_that_was_heard_again_stands_once() -> None:
    def line(line_id: str, start_s: float, text: str) -> dict[str, Any]:
        plain = {"role": "customer", "end_s": start_s + 1, "words": [], "other": None, "spoken_by": None}
        return {"line_id": line_id, "start_s": start_s, "text": text, **plain}

    rows = [line("l1", 5, "変金"), line("l2", 1, "もしもし"), line("l1", 5, "返金"), line("l3", 7, "")]
    assert [each["text"] for each in lines_view(rows)] == ["もしもし", "返金"]


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "gone"),
        ({"sound_path": "calls/../../etc"}, "elsewhere"),
        ({"sound": "stopped"}, "stopped"),
        ({"sound": "from_future"}, "none"),
        ({"erased_at": tokyo(20)}, "erased"),
    ],
)
async def test_why_there_is_no_sound(fields: dict[str, Any], state: str, tmp_path: Path) -> None:
    async with opened(StoreSettings(dir=tmp_path)) as store:
        await keep_calls(store, call_row("c1", tokyo(1), **fields))
        call = await head_of(store, "c1")
        assert call is not None
        (tmp_path / "records").mkdir()
        assert SoundPlace(RecordsTable(), store.settings).state_of(call) == state
        if not fields:
            away = SoundPlace(RecordsTable.model_construct(dir=tmp_path / "none"), store.settings)
            assert away.state_of(call) == "elsewhere"
