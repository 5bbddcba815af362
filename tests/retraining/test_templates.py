"""Templates of training sentences, and the samples that are made of them."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from kikimori.errors import KikimoriError
from kikimori.modelstore.catalogue import PACKAGE
from kikimori_lab.evaluation.cases import read_cases
from kikimori_lab.retraining.samples import (
    REMARK_ENDINGS,
    Sample,
    casual,
    fragments,
    joined,
    of_cases,
    remarks,
    written,
)
from kikimori_lab.retraining.templates import HARMLESS, read_templates

if TYPE_CHECKING:
    from pathlib import Path

WORDS = PACKAGE / "training" / "words"


def test_a_line_stands_for_its_sentences(tmp_path: Path) -> None:
    path = tmp_path / "insult.txt"
    path.write_text(
        "# a note\n[ability]\n+ (お前|あんた)は(だめ|)だ\n- 私はだめです\n+threat 覚えてろ\n",
        encoding="utf-8",
    )
    first, second, third = read_templates(path)
    assert first.sentences == 4
    rng = random.Random(1)  # noqa: S311  (repeatable)
    assert set(first.several(9, rng)) == {
        "お前はだめだ",
        "あんたはだめだ",
        "お前はだ",
        "あんたはだ",
    }
    assert [each.label for each in (first, second, third)] == ["insult", HARMLESS, "threat"]
    assert len({each.name for each in (first, second, third)}) == 3


def test_each_part_of_a_long_choice_comes_once(tmp_path: Path) -> None:
    path = tmp_path / "insult.txt"
    parts = [f"語{number}" for number in range(30)]
    path.write_text(f"[a]\n+ ({'|'.join(parts)})(が|め)\n", encoding="utf-8")
    (template,) = read_templates(path)
    found = template.several(14, random.Random(1))  # noqa: S311  (repeatable)
    assert {each[:-1] for each in found} == set(parts)


def test_what_was_written_together_is_never_divided(tmp_path: Path) -> None:
    path = tmp_path / "spoken" / "insult.txt"
    path.parent.mkdir()
    path.write_text("[water bill]\n+ 払えだと、この木っ端役人\n- 払い方を教えてください\n", encoding="utf-8")
    spoken = written(tmp_path)
    assert len({each.origin for each in spoken}) == 1
    assert all(each.weight > 1 for each in spoken)


@pytest.mark.parametrize("line", ["お前はだめだ", "* お前はだめだ", "+お前はだめだ"])
def test_a_line_that_is_neither_is_told_with_its_place(line: str, tmp_path: Path) -> None:
    path = tmp_path / "insult.txt"
    path.write_text(f"[ability]\n{line}\n", encoding="utf-8")
    with pytest.raises(KikimoriError, match=r"insult\.txt:2"):
        read_templates(path)


def test_the_sentences_that_come_along_are_many_and_balanced() -> None:
    samples = written(WORDS)
    harmful = [each for each in samples if each.label != HARMLESS]
    assert len(samples) > 10_000
    assert 0.4 < len(harmful) / len(samples) < 0.6
    labels = {each.label for each in samples}
    assert labels >= {"threat", "insult", "exposure", "private", "detention", "discrimination", "self_harm"}


def test_no_measured_sentence_is_learned() -> None:
    """No sentence of the repository's measurements is in its training data."""
    measured = set()
    folder = WORDS.parents[2] / "tests" / "judging" / "data"
    for path in folder.glob("*.jsonl"):
        # Dialogues measure how often a demand is counted, which the model has no part in.
        lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        measured |= {line["text"] for line in lines if "text" in line}
    assert measured
    assert measured & {each.text for each in written(WORDS)} == set()


def test_a_split_keeps_a_template_together() -> None:
    samples = [Sample(str(number), HARMLESS, f"t/{number // 10}") for number in range(1000)]
    for name in {each.origin for each in samples}:
        assert len({each.held for each in samples if each.origin == name}) == 1
    assert 100 < sum(each.held for each in samples) < 300
    for each in joined(samples, [], 1):
        first, then = each.text.split("、")
        assert samples[int(first)].held == samples[int(then)].held == each.held


def test_fragments_are_a_few_words_of_calm_sentences() -> None:
    calm = [
        Sample(f"明日の午後{number}時に駅前の店に行きます", HARMLESS, f"calm/{number}")
        for number in range(40)
    ]
    found = fragments(calm, 16)
    assert len(found) > 5
    assert {each.label for each in found} == {HARMLESS}
    for each in found:
        assert any(each.text in whole.text and each.origin == whole.origin for whole in calm)


def test_remarks_end_in_a_noun_and_an_ending_of_friends_talk() -> None:
    calm = [Sample("明日の午後に駅前の店に行きます", HARMLESS, f"calm/{number}") for number in range(40)]
    found = remarks(calm, 16)
    assert len(found) > 5
    assert {each.label for each in found} == {HARMLESS}
    for each in found:
        assert any(
            each.text == f"{noun}{ending}"
            for ending in REMARK_ENDINGS
            for noun in _runs_to_a_noun(calm[0].text)
        )


def _runs_to_a_noun(text: str) -> set[str]:
    ends = [text.index(noun) + len(noun) for noun in ("明日", "午後", "駅前", "店")]
    return {text[first:end] for end in ends for first in range(end)}


def test_friends_endings_follow_plain_forms_only() -> None:
    plain_form, polite = "駅前の店に行く", "駅前の店に行って"
    calm = [Sample(text, HARMLESS, "calm/1") for text in [plain_form] * 20 + [polite] * 20]
    found = casual(calm, 16)
    assert len(found) > 5
    assert all(each.text.startswith(plain_form) and each.text != plain_form for each in found)


def test_an_office_own_sentences_are_taken_by_their_category(tmp_path: Path) -> None:
    path = tmp_path / "ours.jsonl"
    lines = [
        {"text": "あほんだら", "type": "a", "speaker": "customer", "expected": ["elsewhere", "insult"]},
        {"text": "返金できますか", "type": "neg-b", "speaker": "customer", "expected": []},
        {"text": "なんやねん", "type": "c", "speaker": "customer", "expected": ["any"]},
        {"turns": [[0, "customer", "金返せ"]], "type": "d", "expected": ["repeated-demand"]},
    ]
    path.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in lines), encoding="utf-8")
    found = of_cases(path, read_cases(path), ["insult", "threat"], 3.0)
    assert [(each.text, each.label, each.weight) for each in found] == [
        ("あほんだら", "insult", 3.0),
        ("返金できますか", HARMLESS, 3.0),
    ]
