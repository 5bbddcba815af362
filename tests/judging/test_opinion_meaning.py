"""The second opinion's network over a sentence's vector: its arithmetic, its part in an opinion, and files that cannot be used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.support.opinion import altered_opinion
from tests.support.told import PHRASES, RULES, said

from kikimori.config import BUILTIN_OPINION, BUILTIN_SENTENCES
from kikimori.errors import ConfigError
from kikimori_core.judging.second_opinion import with_second_opinion
from kikimori_core.judging.second_opinion.meaning import FILE, MeaningNetwork, spoken
from kikimori_core.judging.second_opinion.model import OpinionModel
from kikimori_core.judging.sentence_encoder import DIMENSIONS, load_encoder
from kikimori_core.judging.words.sound import plain, words

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TEXT = "この店の対応はどうなってるんだ"


def arrays(classes: tuple[str, ...] = ("none", "insult"), width: int = 3) -> dict[str, NDArray[Any]]:
    """Return a small network of random numbers."""
    rng = np.random.default_rng(1)
    return {
        "classes": np.array(classes),
        "hidden": rng.integers(-127, 128, (DIMENSIONS, width), dtype=np.int8),
        "hidden_scale": rng.random(width).astype(np.float32) / 127,
        "hidden_bias": rng.normal(size=width).astype(np.float32),
        "out": rng.integers(-127, 128, (width, len(classes)), dtype=np.int8),
        "out_scale": rng.random(len(classes)).astype(np.float32) / 127,
        "out_bias": rng.normal(size=len(classes)).astype(np.float32),
    }


def test_it_calculates_one_hidden_layer() -> None:
    parts, vector = arrays(), load_encoder(BUILTIN_SENTENCES).of(TEXT)
    hidden = [
        max(
            0.0,
            parts["hidden_bias"][at]
            + sum(vector[n] * parts["hidden"][n, at] * parts["hidden_scale"][at] for n in range(DIMENSIONS)),
        )
        for at in range(3)
    ]
    expected = [
        parts["out_bias"][at]
        + sum(each * parts["out"][n, at] * parts["out_scale"][at] for n, each in enumerate(hidden))
        for at in (0, 1)
    ]
    assert MeaningNetwork(parts).scores(vector).tolist() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("責任者 を、出せ！", "責任者を出せ"),
        ("ＡＢ　１２。", "AB12"),
        ("。。、", ""),
        ("コーヒー♪", "コーヒー"),
        ("ふざけんなー", "ふざけんな"),
        ("早くしろ〜〜！コーヒーは？", "早くしろコーヒーは"),
    ],
)
def test_a_sentence_counts_as_a_recogniser_writes_it(text: str, letters: str) -> None:
    assert spoken(plain(text), words(plain(text))) == letters


def test_it_has_its_share_of_an_opinion(tmp_path: Path) -> None:
    cut, vector = words(TEXT), load_encoder(BUILTIN_SENTENCES).of(TEXT)

    def judged(share: float) -> float:
        return OpinionModel(altered_opinion(tmp_path, meaning_share=share)).judge(cut, lambda: vector).harm

    without, half, alone = (judged(share) for share in (0.0, 0.5, 1.0))
    assert min(without, alone) < half < max(without, alone)
    assert OpinionModel(altered_opinion(tmp_path, meaning_share=0.5)).judge(cut).harm == pytest.approx(
        without
    )


CALM = ("明日の午後にお願いします", "はい、山田です", "荷物が届いたのでお礼を言いたくて")


@pytest.mark.parametrize(
    "text", [*CALM, TEXT, "金魚の方がまだ賢いんじゃねえの", "明日そっちに火をつけに行くわ"]
)
def test_networks_that_cannot_change_what_follows_are_not_asked(text: str) -> None:
    """The opinion stays below the bars that matter if none can be reached; otherwise it is the whole one."""
    model, cut, asked = OpinionModel(BUILTIN_OPINION), words(text), []

    def vector() -> NDArray[np.float32]:
        asked.append(text)
        return load_encoder(BUILTIN_SENTENCES).of(spoken(text, cut))

    whole = model.judge(cut, vector)
    assert asked == [text]
    for bar in (0.01, 0.2, 0.5, 0.9, 0.99):
        asked.clear()
        quick = model.judge(cut, vector, model.least_log_odds(dict.fromkeys(model.note.classes, bar), 0.5))
        if asked:
            assert quick == whole
        else:
            least = 0.5 * bar / (1 - bar)
            assert all(each.harm * each.share < least * (1 - each.harm) for each in (quick, whole))


def test_only_categories_with_a_bar_matter() -> None:
    model, asked = OpinionModel(BUILTIN_OPINION), []

    def vector() -> NDArray[np.float32]:
        asked.append(TEXT)
        return load_encoder(BUILTIN_SENTENCES).of(TEXT)

    likeliest = model.judge(words(TEXT), vector).category
    for name, times in ((likeliest, 1), ("self_harm", 0)):
        asked.clear()
        model.judge(words(TEXT), vector, model.least_log_odds({name: 0.5}, 0.5))
        assert len(asked) == times


@pytest.mark.parametrize("text", CALM)
def test_calm_sentences_ask_for_no_vector(text: str) -> None:
    def vector() -> NDArray[np.float32]:
        raise AssertionError(text)

    model = OpinionModel(BUILTIN_OPINION)
    least = model.least_log_odds(model.note.tone_from, model.note.tone_share)
    assert model.judge(words(text), vector, least).harm < 0.1


def test_a_model_of_an_earlier_release_is_used_without_it(tmp_path: Path) -> None:
    """Its folder has no such file and its note no such share: no encoder is read."""
    folder = altered_opinion(tmp_path, tone_from={"insult": 0.5})
    note = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    del note["meaning_share"]
    (folder / "model.json").write_text(json.dumps(note), encoding="utf-8")
    (folder / FILE).unlink()
    book = with_second_opinion(PHRASES, RULES, folder, tmp_path / "no encoder")
    found = book.find(said("金魚の方がまだ賢いんじゃねえの", 10))
    assert found.tone is not None
    assert found.tone.category == "insult"


def test_the_vector_of_what_was_said_is_asked_for(tmp_path: Path) -> None:
    """The same words with and without commas are the same sentence to it."""
    folder = altered_opinion(
        tmp_path, meaning_share=1.0, tone_from={"insult": 0.01, "threat": 0.01}, tone_share=0.0
    )
    book = with_second_opinion(PHRASES, RULES, folder, BUILTIN_SENTENCES)
    one, other = (
        book.find(said(text, 10)).tone
        for text in ("金魚の方がまだ、賢いんじゃねえの！", "金魚の方がまだ賢いんじゃねえの")
    )
    assert one is not None
    assert other is not None
    assert one.probability == pytest.approx(other.probability)


@pytest.mark.parametrize(
    "spoil",
    [
        {"out": np.zeros((4, 2), np.float32)},
        {"hidden": np.zeros((5, 3), np.float32)},
        {"hidden_bias": np.zeros((3, 1), np.float32)},
        {"out_bias": np.zeros(3, np.float32)},
    ],
)
def test_a_network_that_does_not_fit_is_told(spoil: dict[str, NDArray[Any]], tmp_path: Path) -> None:
    parts: dict[str, Any] = arrays() | spoil
    np.savez(tmp_path / FILE, **parts)
    with pytest.raises(ConfigError, match=r"meaning\.npz"):
        MeaningNetwork.read(tmp_path)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    for garbage in (None, b"", b"PK\x03\x04 no archive", b"\x93NUMPY"):
        if garbage is not None:
            (tmp_path / FILE).write_bytes(garbage)
        with pytest.raises(ConfigError, match=r"meaning\.npz"):
            MeaningNetwork.read(tmp_path)
    np.savez(tmp_path / FILE, classes=np.array(("none", "insult")))
    with pytest.raises(ConfigError, match=r"meaning\.npz"):
        MeaningNetwork.read(tmp_path)


def test_a_network_of_other_classes_is_told(tmp_path: Path) -> None:
    folder = altered_opinion(tmp_path)
    parts: dict[str, Any] = {**arrays()}
    np.savez(folder / FILE, **parts)
    with pytest.raises(ConfigError, match="classes"):
        OpinionModel(folder)
