"""`kikimori evaluate-words --calm`: alarms in speech that nothing should be raised in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.program import kikimori

from kikimori_lab.evaluation.calm import sentences_in

if TYPE_CHECKING:
    from pathlib import Path

CALL = [
    ("operator", "お電話ありがとうございます。ぶっ殺すぞと言われた件ですね。"),
    ("customer", "はい。責任者を出せ！責任者を出せ！"),
    ("operator", "少々お待ちください。"),
    ("customer", "ぶっ殺すぞ。はい。"),
]


def written(path: Path, calls: dict[str, list[tuple[str, str]]]) -> Path:
    rows = [
        {"text": text, "speaker": speaker, "dialogue": name}
        for name, turns in calls.items()
        for speaker, text in turns
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


async def evaluated(*arguments: str | Path) -> dict[str, Any]:
    ended = await kikimori("evaluate-words", *arguments, "--json")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def test_sentences() -> None:
    assert sentences_in("はい。そう！？ 本当です") == ["はい。", "そう！？", "本当です"]
    assert sentences_in("。") == []


async def test_alarms_by_sentences_and_by_calls(tmp_path: Path) -> None:
    first = written(tmp_path / "a.jsonl", {"one": CALL, "two": [("customer", "はい。")] * 70})
    second = written(tmp_path / "b.jsonl", {"": [("customer", "ぶっ殺すぞ。")]})
    calm = (await evaluated("--calm", first, second))["calm"]
    said, calls = calm["all"]["sentences"], calm["all"]["calls"]
    assert (said["n"], said["alarming"], said["critical"], said["understood"]) == (79, 2, 2, 2)
    assert said["per_10000"] == pytest.approx(2 / 79 * 1e4, abs=0.001)
    assert said["per_10000"] < said["per_10000_at_most"] < 900
    assert said["categories"]["violence"] == {"critical": 2}
    assert said["categories"]["call_for_superior"] == {"counted": 2}
    # Turns last characters / 7 s, at least 0.6 s, one right after the other; a line without a call is in none.
    seconds = sum(max(0.6, len(text) / 7) for _, text in CALL) + 70 * 0.6
    assert calls["hours"] == pytest.approx(seconds / 3600, abs=0.005)
    assert (calls["n"], calls["alarms"], calls["critical"]) == (2, 1, 1)
    # Both times in one breath count once; the operator's words are nobody's threat.
    assert calls["rules"] == {"phrase-violence": {"critical": 1}}
    assert calm["files"][str(second)]["calls"]["per_hour"] is None
    assert [(each["n"], each["text"]) for each in calm["alarming"]] == [
        (2, "責任者を出せ！"),
        (2, "ぶっ殺すぞ。"),
    ] or {each["text"] for each in calm["alarming"]} == {
        "責任者を出せ！",
        "ぶっ殺すぞ。",
        "ぶっ殺すぞと言われた件ですね。",
    }


async def test_without_a_speaker_it_is_the_customer_and_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "ぶっ殺すぞ", "dialogue": "1"}\n', encoding="utf-8")
    assert (await evaluated("--calm", path))["calm"]["all"]["calls"]["alarms"] == 1
    path.write_text('{"text": "はい"}\n{"text": ""}\n', encoding="utf-8")
    ended = await kikimori("evaluate-words", "--calm", path)
    assert ended.code == 1
    assert f"{path}:2: text: " in ended.err
    path.write_text('{"text": "はい", "speaker": "custmer"}\n', encoding="utf-8")
    ended = await kikimori("evaluate-words", "--calm", path)
    assert ended.code == 1
    assert f"{path}:1: speaker: " in ended.err
    assert (await kikimori("evaluate-words")).code == 1


async def test_tables_and_page(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", {"one": CALL})
    report = tmp_path / "report.html"
    ended = await kikimori("evaluate-words", "--calm", path, "--report", report)
    assert "per 10,000" in ended.out
    assert "ぶっ殺すぞ。" in ended.out
    page = report.read_text(encoding="utf-8")
    assert "1 万文あたり per 10,000" in page
    assert "http" not in page
