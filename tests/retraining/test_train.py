"""A model is fitted, written, read back, and judges as it did before it was written; the same seed gives the same model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from kikimori.config import BUILTIN_OPINION
from kikimori_core.judging.second_opinion.features import BITS, features
from kikimori_core.judging.second_opinion.model import OpinionModel
from kikimori_core.judging.second_opinion.senses import Senses
from kikimori_core.judging.second_opinion.table import WeightTable
from kikimori_core.judging.words.sound import plain, words
from kikimori_lab.retraining.fit import FitSettings, Rows, Weights, fit, softmax, strongest
from kikimori_lab.retraining.samples import Sample
from kikimori_lab.retraining.templates import HARMLESS
from kikimori_lab.retraining.train import (
    MEANING_SHARE,
    NETWORK_SHARE,
    Trained,
    default_thresholds,
    train,
    write_model,
)

if TYPE_CHECKING:
    from pathlib import Path

SENSES = Senses.read(BUILTIN_OPINION)
HARSH = ("お前は馬鹿か", "この馬鹿野郎", "馬鹿にするな", "お前みたいな馬鹿は辞めろ", "馬鹿者が")
CALM = ("明日届きますか", "予約をお願いします", "駅はどこですか", "住所が変わりました", "返品できますか")


def samples() -> list[Sample]:
    found = [Sample(text, "insult", f"h{number}") for number, text in enumerate(HARSH * 20)]
    return found + [Sample(text, HARMLESS, f"c{number}") for number, text in enumerate(CALM * 20)]


def test_it_learns_what_it_is_shown_and_keeps_it_on_disk(tmp_path: Path) -> None:
    told: set[str] = set()
    trained = train(samples(), SENSES, FitSettings(epochs=3), lambda name, _done, _total: told.add(name))
    assert len(told) == 3
    assert trained.classes == (HARMLESS, "insult")
    assert trained.figures["found"] == 1.0
    assert trained.figures["false"] == 0.0
    write_model(tmp_path, trained, SENSES, default_thresholds(["insult"]), {"seed": "16"}, BUILTIN_OPINION)
    model = OpinionModel(tmp_path)
    # The shipped networks know other classes.
    assert model.note.network_share == model.note.meaning_share == 0
    assert not (tmp_path / "network.npz").exists()
    assert not (tmp_path / "meaning.npz").exists()
    for text in (*HARSH, *CALM):
        cut = words(plain(text))
        scores = trained.weights.scores([features(cut, SENSES)]) / np.float32(trained.temperature)
        assert model.judge(cut).harm == pytest.approx(1 - float(softmax(scores)[0, 0]), abs=0.03)
    harsh = model.judge(words("本当に馬鹿だな"))
    assert harsh.category == "insult"
    assert harsh.harm > model.judge(words("駅から近いですか")).harm
    assert "馬鹿" in model.weighed(words("本当に馬鹿だな"), "insult")


def test_the_networks_come_along_where_the_categories_are_theirs(tmp_path: Path) -> None:
    classes = OpinionModel(BUILTIN_OPINION).note.classes
    weights = Weights(np.zeros((1 << BITS, len(classes)), np.float32), np.zeros(len(classes), np.float32))
    bars = default_thresholds(classes[1:])
    write_model(tmp_path, Trained(classes, weights, 1.0, {}), SENSES, bars, {}, BUILTIN_OPINION)
    note = OpinionModel(tmp_path).note
    assert (note.network_share, note.meaning_share) == (NETWORK_SHARE, MEANING_SHARE)
    for name in ("network.npz", "meaning.npz"):
        assert (tmp_path / name).read_bytes() == (BUILTIN_OPINION / name).read_bytes()


def test_the_same_seed_gives_the_same_model() -> None:
    one, other = (train(samples(), SENSES, FitSettings(epochs=2), lambda *_: None) for _ in range(2))
    assert np.array_equal(one.weights.table, other.weights.table)
    assert one.figures == other.figures


def test_sentences_without_a_word_do_not_matter() -> None:
    with_blank = [*samples(), Sample("。。。", HARMLESS, "blank")]
    assert train(with_blank, SENSES, FitSettings(epochs=1), lambda *_: None).figures["held"] > 0


def test_scores_are_the_sum_of_weights_over_the_root_of_their_number() -> None:
    rows = [np.array([1, 2, 5]), np.array([2])]
    table = np.arange(12, dtype=np.float32).reshape(6, 2)
    made = Rows.of(rows)
    expected = [(table[1] + table[2] + table[5]) / np.sqrt(3), table[2]]
    assert np.allclose(made.scores(table[made.touched]), expected)


def test_a_slope_is_the_error_of_the_sentences_that_have_a_feature() -> None:
    made = Rows.of([np.array([1, 2, 5]), np.array([2])])
    error = np.array([[1, -1], [0.5, -0.5]], np.float32)
    root = 1 / np.sqrt(3)
    expected = [error[0] * root, error[0] * root + error[1], error[0] * root]
    assert made.touched.tolist() == [1, 2, 5]
    assert np.allclose(made.slope(error), expected)


def test_a_word_that_was_never_learned_is_known_by_its_sense() -> None:
    """阿呆 was in no sentence; 馬鹿, of its group, was."""
    trained = train(samples(), SENSES, FitSettings(epochs=3), lambda *_: None)
    scores = trained.weights.scores([features(words(plain(text)), SENSES) for text in ("阿呆", "宿")])
    harm = 1 - softmax(scores)[:, 0]
    assert harm[0] > harm[1]


def test_importance_counts() -> None:
    """The same sentence told both ways: the weightier one is believed."""
    rows = [np.array([3]), np.array([3])]
    labels, importance = np.array([0, 1]), np.array([1.0, 5.0], np.float32)
    fitted = fit(rows, labels, importance, (1 << BITS, 2), FitSettings(epochs=20), lambda *_: None)
    assert fitted.scores(rows)[0].argmax() == 1


def test_only_features_that_tell_of_other_sentences_keep_their_weights() -> None:
    """One of many sentences, and one that weighs much, before one that does neither."""
    table = np.array([[0, 0], [0.5, 0], [0, -3], [0.5, 0.5]], np.float32)
    features = [np.array([1, 3]), np.array([1]), np.array([1]), np.array([2])]
    weights = Weights(table, np.zeros(2, np.float32))
    chosen = strongest(weights, features, 2)
    assert chosen.tolist() == [False, True, True, False]
    assert strongest(weights, features, 9).all()
    labels, importance = np.array([0, 1, 0, 1]), np.ones(4, np.float32)
    fitted = fit(features, labels, importance, (4, 2), FitSettings(epochs=9), lambda *_: None, chosen)
    assert np.flatnonzero(fitted.table.any(axis=1)).tolist() == [1, 2]


def test_what_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    table = WeightTable(np.array([[1, -31], [4, 0]], np.int8), np.array([6, 1000]))
    (tmp_path / "weights.npy").write_bytes(b"of a former model")
    table.write(tmp_path, BITS)
    read = WeightTable.read(tmp_path / "weights.npz", BITS, 2)
    assert read.of(np.array([1000, 7, 6, (1 << BITS) - 1])).tolist() == [[4, 0], [1, -31]]
    assert not (tmp_path / "weights.npy").exists()
