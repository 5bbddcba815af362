"""A recogniser's faults on written sentences, and what `evaluate-words --noise` makes of them."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

import pytest
from rapidfuzz.distance import Levenshtein
from tests.support.program import kikimori

from kikimori_lab.evaluation.lexicon import homophones, reading_of, tokens
from kikimori_lab.evaluation.noise import KINDS, noised

if TYPE_CHECKING:
    from pathlib import Path

SENTENCES = [
    "店長に代われと何回も言っているだろう",
    "慰謝料として30万円を払え",
    "お前の会社に火をつけてやるからな",
    "コールセンターの人間は全員クビにしろ",
]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_faults(kind: str) -> None:
    first = [noised(text, kind, 7) for text in SENTENCES]
    assert first == [noised(text, kind, 7) for text in SENTENCES]
    assert first != SENTENCES


@pytest.mark.parametrize("kind", ["fillers", "kanji", "particles", "near_sound", "word_lost"])
def test_other_seeds_give_other_faults(kind: str) -> None:
    assert len({noised(SENTENCES[0], kind, seed) for seed in range(8)}) > 1


@pytest.mark.parametrize(
    ("kind", "clean", "faulty"),
    [
        ("digits", "30万円と1250円を3回", "三十万円と千二百五十円を三回"),
        ("digits", "二十万円を三回払った", "20万円を3回払った"),
        ("digits", "もう一度お願いします", "もう1度お願いします"),
        ("widths", "SNSに10回", "ＳＮＳに１０回"),
        ("widths", "ネットに書く", "ﾈｯﾄに書く"),
        ("spaces", "店長を出せ、早く。", "店長 を 出せ 早く"),
        ("long_vowels", "上司を呼べ", "じょしを呼べ"),
    ],
)
def test_faults_that_leave_nothing_to_chance(kind: str, clean: str, faulty: str) -> None:
    assert noised(clean, kind, 1) == faulty


@pytest.mark.parametrize(
    ("clean", "faulty"),
    [
        ("税金払ってんだから", "税金払っているんだから"),
        ("責任者を出せや", "責任者だせや"),
        ("黙っとれ", "ダマトレ"),
        ("上司を呼べ", "上司を。呼べ"),
        ("店長を出せと言ってんだ", "店長だせと言っているんだ"),
        ("聞いてんのか", "聞いているのか"),
    ],
)
def test_habits_of_recognisers(clean: str, faulty: str) -> None:
    """Sentences as recognisers wrote them are among what is drawn."""
    assert faulty in {noised(clean, "recogniser", seed) for seed in range(40)}


def test_widths_are_only_widths() -> None:
    for text in SENTENCES:
        assert unicodedata.normalize("NFKC", noised(text, "widths", 1)) == text


@pytest.mark.parametrize("text", SENTENCES)
def test_wrong_kanji_sound_the_same(text: str) -> None:
    faulty = noised(text, "kanji", 1)
    assert faulty != text
    assert reading_of(faulty) == reading_of(text)


def test_homophones_are_words_of_the_dictionary() -> None:
    found = homophones("代われ", "カワレ")
    assert {"変われ", "替われ"} <= set(found)
    assert "代われ" not in found
    assert homophones("ばか", "バカ") == ()


@pytest.mark.parametrize("text", SENTENCES)
def test_what_is_lost_or_misheard_is_as_little_as_the_name_says(text: str) -> None:
    words = tokens(text)
    particles = sum(each.part == "助詞" for each in words)
    lost = noised(text, "particles", 1)
    assert 0 < len(text) - len(lost) <= sum(len(each.surface) for each in words if each.part == "助詞")
    assert (particles + 1) // 2 <= len(text) - len(lost)
    assert noised(text, "word_lost", 1) in {
        "".join(each.surface for number, each in enumerate(words) if number != gone)
        for gone in range(len(words))
    }
    misheard = noised(text, "near_sound", 1)
    changed = [
        number
        for number, each in enumerate(words)
        if "".join(one.surface for one in words[:number])
        == misheard[: len("".join(one.surface for one in words[:number]))]
    ]
    assert changed
    assert misheard != text


def test_a_near_sound_is_one_sound() -> None:
    heard = noised("クビにしろ", "near_sound", 1)
    assert Levenshtein.distance(reading_of(heard), reading_of("クビにしろ")) == 1


async def test_the_share_that_is_kept(tmp_path: Path) -> None:
    cases = [
        {
            "text": "ぶっ殺すぞ、責任者を出せ",
            "type": "violence",
            "speaker": "customer",
            "expected": ["violence"],
        },
        # Found by nobody in the clean text: nothing to lose.
        {"text": "荷物の配達日を教えて", "type": "violence", "speaker": "customer", "expected": ["violence"]},
        {"text": "ぶっ殺すぞ", "type": "neg-idiom", "speaker": "customer", "expected": []},
        {
            "name": "again",
            "type": "repeat",
            "turns": [[20 * number, "customer", "責任者を出せ"] for number in range(3)],
            "expected": ["repeated-superior"],
        },
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in cases), encoding="utf-8")
    ended = await kikimori("evaluate-words", path, "--noise", "--json")
    noise = json.loads(ended.out)["noise"]
    assert (noise["seed"], set(noise["kinds"])) == (1, set(KINDS))
    spaces = noise["kinds"]["spaces"]
    assert (spaces["utterances"]["found"], spaces["utterances"]["kept"], spaces["utterances"]["share"]) == (
        3,
        3,
        1,
    )
    assert (spaces["utterances"]["harmless"], spaces["utterances"]["false_clean"]) == (3, 3)
    assert spaces["calls"]["found"] == 3
    # No figures in these sentences.
    assert noise["kinds"]["digits"]["utterances"]["share"] is None
    lost = noise["kinds"]["word_lost"]["utterances"]
    assert len(lost["lost"]) <= lost["found"] - lost["kept"]
    again = await kikimori("evaluate-words", path, "--noise", "--json")
    assert json.loads(again.out)["noise"] == noise
    shown = await kikimori("evaluate-words", path, "--noise", "--seed", "2")
    assert "seed 2" in shown.out
    assert "near_sound" in shown.out
    report = tmp_path / "report.html"
    await kikimori("evaluate-words", path, "--noise", "--report", report)
    assert "似た音を 1 つ聞き違える near_sound" in report.read_text(encoding="utf-8")
