"""`kikimori evaluate-words` as its user runs it, on sentences written here, with the rules and phrases that ship."""

from __future__ import annotations

import html.parser
import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.program import kikimori

from kikimori.config import AgentConfig
from kikimori_core.judging.phrases import load_phrases
from kikimori_core.judging.rules import load_rules
from kikimori_lab.evaluation.cases import names_expected, read_cases
from kikimori_lab.evaluation.judging_pool import FEW

ROOT = Path(__file__).parents[2]


def said(text: str, kind: str, *expected: str, source: str = "written here") -> dict[str, Any]:
    return {"text": text, "type": kind, "speaker": "customer", "expected": list(expected), "source": source}


def asked(kind: str, *, times: int, expected: list[str], forbidden: list[str]) -> dict[str, Any]:
    turns = [[10.0 + 20 * number, "customer", "責任者を出せ"] for number in range(times)]
    return {
        "name": f"asked {times} times",
        "type": kind,
        "turns": turns,
        "until_s": None,
        "expected": expected,
        "forbidden": forbidden,
    }


UTTERANCES = [
    said("ぶっ殺すぞ", "violence", "violence", "threat"),
    said("ぶっ殺すぞ", "violence", "any", source="a second one"),
    # Another category than the expected one is no right answer.
    said("ぶっ殺すぞ", "exposure", "exposure"),
    said("荷物の配達日を教えてください", "exposure", "exposure"),
    # Alarms only when it is said again and again, and is understood at once.
    said("責任者を出せ", "superior", "call_for_superior"),
    said("荷物の配達日を教えてください", "neg-fair"),
    said("ぶっ殺すぞ", "neg-idiom"),
    said("ありがとうございます", "thanks"),
]
DIALOGUES = [
    asked("repeat", times=3, expected=["repeated-superior"], forbidden=["phrase-violence"]),
    asked("repeat", times=2, expected=["repeated-superior"], forbidden=[]),
    asked("repeat-false", times=1, expected=[], forbidden=["repeated-superior"]),
    asked("repeat-false", times=3, expected=[], forbidden=["repeated-superior"]),
]


def written(path: Path, cases: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases), encoding="utf-8")
    return path


async def evaluated(*arguments: str | Path) -> dict[str, Any]:
    ended = await kikimori("evaluate-words", *arguments, "--json")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def counts(score: dict[str, Any]) -> tuple[int, int, int]:
    return score["n"], score["right"], score["any"]


async def test_figures_per_type_and_in_all(tmp_path: Path) -> None:
    first, second = written(tmp_path / "a.jsonl", UTTERANCES), written(tmp_path / "b.jsonl", DIALOGUES)
    found = await evaluated(first, second)
    assert {name: counts(score) for name, score in found["types"].items()} == {
        "exposure": (2, 0, 1),
        "neg-fair": (1, 1, 0),
        "neg-idiom": (1, 0, 1),
        "repeat": (2, 1, 1),
        "repeat-false": (2, 1, 1),
        "superior": (1, 1, 1),
        "thanks": (1, 1, 0),
        "violence": (2, 2, 2),
    }
    # By the types' names; `thanks` does not say that it is harmless.
    assert found["harassing"] == {"n": 8, "right": 5, "any": 5}
    assert found["harmless"] == {"n": 4, "false": 2}
    assert found["wrong"] == [
        ["exposure", "ぶっ殺すぞ", ["violence"], ["exposure"]],
        ["exposure", "荷物の配達日を教えてください", [], ["exposure"]],
        ["neg-idiom", "ぶっ殺すぞ", ["violence"], []],
        ["repeat", "asked 2 times", [], ["repeated-superior"]],
        ["repeat-false", "asked 3 times", ["repeated-superior"], []],
    ]


async def test_shares_with_intervals_by_utterances_and_by_calls(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", [*UTTERANCES, *DIALOGUES])
    found = await evaluated(path)
    utterances, calls = found["utterances"], found["calls"]
    assert [utterances[name] for name in ("n", "harassing", "harmless")] == [8, 5, 3]
    assert [utterances[name] for name in ("right", "wrong", "missed", "false", "quiet")] == [3, 1, 1, 1, 2]
    assert (utterances["precision"], utterances["recall"], utterances["accuracy"]) == (0.6, 0.6, 0.625)
    # Wilson's interval of 3 out of 5.
    assert utterances["recall_95"] == [0.2307, 0.8824]
    assert [calls[name] for name in ("n", "right", "missed", "false", "quiet")] == [4, 1, 1, 1, 1]
    assert (calls["precision"], calls["recall"], calls["accuracy"]) == (0.5, 0.5, 0.5)
    assert found["types"]["neg-fair"]["precision"] is None
    assert found["files"] == {str(path): 12}
    assert found["sources"] == {"written here": 7, "?": 4, "a second one": 1}


async def test_several_processes_give_what_one_gives(tmp_path: Path) -> None:
    many = [*UTTERANCES, *DIALOGUES] * (FEW // 12 + 1)
    path = written(tmp_path / "many.jsonl", many)
    one, two = await evaluated(path, "--jobs", "1"), await evaluated(path, "--jobs", "2")
    assert one["utterances"]["n"] + one["calls"]["n"] == len(many) > FEW
    assert one == two


async def test_rules_of_ones_own(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[rule]]\nid = "phrase-violence"\nkind = "phrase"\ncategory = "violence"\nseverity = "critical"\n'
        'title = { ja = "暴力", en = "Violence" }\nenabled = false\n',
        encoding="utf-8",
    )
    path = written(tmp_path / "a.jsonl", UTTERANCES[:1])
    assert (await evaluated(path))["harassing"]["right"] == 1
    assert (await evaluated(path, "--rules", rules))["harassing"]["right"] == 0


async def test_what_a_person_reads(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", [*UTTERANCES, *DIALOGUES, said("ばか", "insult", "isnult")])
    ended = await kikimori("evaluate-words", path, "--list")
    assert ended.code == 0
    assert "1 of 3 harmless ones with a false alarm" in ended.out
    assert "neg-idiom: ぶっ殺すぞ" in ended.out
    assert "isnult: misspelt?" in ended.err
    assert "neg-idiom: " not in (await kikimori("evaluate-words", path)).out


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "a"', "JSON"),
        ('{"text": "a", "type": "b", "speaker": "customer"}', "expected: is missing"),
        ('{"type": "b", "expected": []}', "needs either text or turns"),
        ('{"text": "a", "type": "b", "expected": [], "speaker": "caller"}', "'caller' is none of"),
        ('{"turns": [[5, "customer", "a"], [4, "customer", "b"]], "type": "b", "expected": []}', "in order"),
        ("[1]", "object"),
    ],
)
async def test_a_malformed_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    path = written(tmp_path / "a.jsonl", UTTERANCES[:2])
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    ended = await kikimori("evaluate-words", path)
    assert ended.code == 1
    assert f"{path}:4: " in ended.err
    assert reason in ended.err
    assert "Traceback" not in ended.err


async def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    empty, latin = tmp_path / "empty.jsonl", tmp_path / "latin.jsonl"
    empty.write_text("\n", encoding="utf-8")
    latin.write_bytes("上司".encode("shift_jis"))
    for path, reason in ((tmp_path / "none", "No such file"), (empty, "is empty"), (latin, "is not UTF-8")):
        ended = await kikimori("evaluate-words", path)
        assert (ended.code, reason in ended.err) == (1, True), ended.err


async def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    markup = said("<script>alert('x')</script>", "exposure", "exposure")
    path = written(tmp_path / "a.jsonl", [*UTTERANCES, *DIALOGUES, markup])
    report = tmp_path / "report.html"
    await evaluated(path, "--report", report)
    page = report.read_text(encoding="utf-8")
    tags = _Tags()
    tags.feed(page)
    assert {"svg", "table", "details"} <= tags.seen
    assert not tags.seen & {"script", "link", "img"}
    assert "http" not in page
    for shown in ("再現率 recall", "60.0% (23.1%–88.2%)", "neg-idiom", "a second one", "ぶっ殺すぞ"):
        assert shown in page


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.add(tag)


@pytest.mark.parametrize("name", ["measuring-words.md", "measuring-words.ja.md"])
def test_the_documents_examples_are_of_the_format(tmp_path: Path, name: str) -> None:
    document = (ROOT / "docs" / name).read_text(encoding="utf-8")
    lines = [line for line in document.splitlines() if line.startswith("{")]
    path = tmp_path / "document.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    cases = read_cases(path)
    assert len(cases) == 4
    config = AgentConfig()
    known = load_phrases(config.phrase_files()).names | {rule.id for rule in load_rules(config.rule_files())}
    assert names_expected(cases) <= known
