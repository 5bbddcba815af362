"""The parts of the recipe that need no synthesiser and no PyTorch: templates, inflection, language model, graph."""

from __future__ import annotations

import importlib
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from types import ModuleType

TRAINING = Path(__file__).parents[2] / "models" / "training"


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """The recipe's modules; they are no part of the installed package."""
    monkeypatch.syspath_prepend(str(TRAINING))
    names = ("align", "corpus", "graph", "inflect", "kaldi_binary", "lm", "sources")
    return {name: importlib.import_module(f"kikimori_training.asr.{name}") for name in names}


def test_every_template_expands_to_plain_japanese(recipe: dict[str, ModuleType]) -> None:
    corpus = recipe["corpus"].Corpus.read(TRAINING / "corpus")
    rng = random.Random(1)  # noqa: S311 — test data
    sentences = [corpus.expand(t, rng) for g in corpus.groups for t in g.templates for _ in range(20)]
    assert len(set(sentences)) > 3000
    assert not [s for s in sentences if re.search(r"[(){}|A-Za-z0-9]", s)]


@pytest.mark.parametrize("template", ["(電話|話", "電話)", "{知らない}"])
def test_a_broken_template_is_an_error(recipe: dict[str, ModuleType], template: str) -> None:
    rng = random.Random(1)  # noqa: S311 — test data
    with pytest.raises((ValueError, KeyError)):
        recipe["corpus"].Corpus().expand(template, rng)


@pytest.mark.parametrize(
    ("kind", "verb", "forms"),
    [
        ("godan", "書く", ("書いて", "書かない", "書け")),
        ("godan", "行く", ("行って", "行かない", "行け")),
        ("godan", "使う", ("使って", "使わない", "使え")),
        ("godan", "死ぬ", ("死んで", "死なない", "死ね")),
        ("ichidan", "調べる", ("調べて", "調べない", "調べろ")),
        ("suru", "電話", ("電話して", "電話しない", "電話しろ")),
    ],
)
def test_verbs_inflect(
    recipe: dict[str, ModuleType], kind: str, verb: str, forms: tuple[str, str, str]
) -> None:
    made = getattr(recipe["inflect"], kind)(verb)
    assert (made["v_te"], made["v_nai"], made["v_imp"]) == forms


def test_the_language_model_prefers_what_it_has_seen_and_can_say_everything(
    recipe: dict[str, ModuleType],
) -> None:
    lm = recipe["lm"]
    text = [["上司", "に", "代われ"]] * 5 + [["上司", "を", "出せ"]] * 5
    model = lm.estimate(text, ["上司", "に", "を", "代われ", "出せ", "電話"])
    assert lm.perplexity(model, [["上司", "に", "代われ"]]) < lm.perplexity(model, [["代われ", "上司", "に"]])
    assert lm.perplexity(model, [["電話"]]) < float("inf")
    for history, following in model.probability.items():
        assert 0.0 < sum(following.values()) <= 1.02, history  # [unk] is added on top of the unigrams


def test_every_phone_gets_a_frame_of_its_own(recipe: dict[str, ModuleType]) -> None:
    ends = np.array([0.10, 0.11, 0.12, 0.13, 0.50])
    frames = recipe["align"].phone_frames(ends, 20)
    assert list(np.unique(frames)) == [0, 1, 2, 3, 4]
    assert (np.diff(frames) >= 0).all()
    labels = recipe["align"].labels(["sil", "a", "i", "u", "sil"], frames, {"sil": 0, "a": 1, "i": 2, "u": 3})
    assert labels[0] == 0
    assert labels[1] == 1
    assert {2, 4, 6} <= set(labels.tolist())


def test_homophones_are_told_apart_and_phones_know_their_place(recipe: dict[str, ModuleType]) -> None:
    graph = recipe["graph"]
    lines, most = graph.lexicon_fst([("代わる", "k a w a r u"), ("変わる", "k a w a r u"), ("絵", "e")])
    assert most == 2
    assert [line.split()[2] for line in lines if "#2" in line] == ["#2"]
    assert any(line.split()[2:4] == ["e_S", "絵"] for line in lines)


def test_a_phone_becomes_its_forward_transition_and_a_loop(recipe: dict[str, ModuleType]) -> None:
    lines = recipe["graph"].phones_to_transitions(["0 1 5 7 0.5", "1 2 6 0 0", "1 2 4 0 0", "2 0.25"], 10)
    assert "0 1 10 7 0.5" in lines
    assert "1 1 9 0 0" in lines
    # state 2 is entered by two phones, so each has a state of its own before it
    assert sum(line.split()[1:3] == ["2", "0"] for line in lines) == 2
    assert "2 0.25" in lines


def test_sentences_as_customers_say_them_are_drawn_from_templates(
    recipe: dict[str, ModuleType], tmp_path: Path
) -> None:
    (tmp_path / "words.txt").write_text(
        "[kind]\n+ (上司|店長)を出せ\n- お願いします\nno sentence\n", encoding="utf-8"
    )
    drawn = recipe["sources"].spoken_templates([tmp_path], random.Random(1))  # noqa: S311 — test data
    assert set(drawn) == {"上司を出せ", "店長を出せ", "お願いします"}
    assert drawn["お願いします"] == recipe["sources"].PLAIN_WEIGHT


def test_a_continuation_that_gains_little_is_left_to_the_lower_order(recipe: dict[str, ModuleType]) -> None:
    lm = recipe["lm"]
    text = [["上司", "を", "出せ"]] * 20 + [["上司", "は", "出せ"], ["電話", "を", "出せ"]]
    every = lm.estimate(text, ["上司", "電話", "を", "は", "出せ"], 1)
    few = lm.estimate(text, ["上司", "電話", "を", "は", "出せ"], 1, least_gain=8.0)
    assert sum(map(len, few.probability.values())) < sum(map(len, every.probability.values()))
    assert "を" in few.probability["上司",]
    assert lm.perplexity(few, text) < 2 * lm.perplexity(every, text)


def test_the_network_is_written_in_16_bits_and_read_again(recipe: dict[str, ModuleType]) -> None:
    kaldi = recipe["kaldi_binary"]
    weight = np.random.default_rng(1).standard_normal((7, 5))
    bias = np.arange(7.0)
    written = kaldi.affine(weight, bias) + b"<Next> " + kaldi.affine(2 * weight, bias)
    (first, read_bias), (second, _) = kaldi.affines(written)
    np.testing.assert_allclose(first, weight, atol=1e-4)
    np.testing.assert_allclose(second, 2 * weight, atol=2e-4)
    np.testing.assert_array_equal(read_bias, bias)


def test_phones_get_their_times_from_the_symbols_of_the_synthesiser(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyworld")
    monkeypatch.syspath_prepend(str(TRAINING))
    neural = importlib.import_module("kikimori_training.asr.neural")
    phones = ["sil", "ky", "o", "o", "d", "e", "s", "U", "sil"]
    ends = neural.phone_ends(phones, "kʲoː desɯ.", [4, 2, 1, 3, 3, 1, 2, 3, 4, 5, 6, 2])
    lengths = np.diff(ends, prepend=0) / neural.STEP_S
    assert lengths.round().tolist() == [
        4,
        3,
        3,
        4,
        2,
        3,
        4,
        11,
        2,
    ]  # a pause first lengthens the phone before


def test_phones_of_a_heard_clip_begin_where_their_labels_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TRAINING))
    fit = importlib.import_module("kikimori_training.asr.fit")
    heard = [0, 1, 1, 4, 5, 5, 5, 2, 0, 1]  # labels: phone 0, phone 2, phone 1 for one output, phone 0
    likely = np.full((len(heard), 6), -5.0)
    likely[np.arange(len(heard)), heard] = -0.1
    starts, score = fit.best_path(likely, [0, 2, 1, 0])
    assert starts.tolist() == [0, 3, 7, 8]
    assert score == pytest.approx(-0.1)
    forced, less = fit.best_path(likely, [0, 1, 2, 1, 0])  # a phone that is not there still gets an output
    assert len(set(forced.tolist())) == 5
    assert less < score
    with pytest.raises(ValueError, match="11 phones in 10 outputs"):
        fit.best_path(likely, [0] * 11)


def test_a_clip_moved_to_a_man_has_his_pitch_and_its_phones_keep_their_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pyworld = pytest.importorskip("pyworld")
    monkeypatch.syspath_prepend(str(TRAINING))
    shift = importlib.import_module("kikimori_training.asr.shift")
    synth = importlib.import_module("kikimori_training.asr.synth")
    time = np.arange(synth.RATE) / synth.RATE
    voice = sum(np.sin(2 * np.pi * 240 * k * time) / k for k in range(1, 30)) * 0.1
    clip = synth.Clip(
        voice.astype(np.float32), ["sil", "a"], np.array([0.2, 1.0]), [], synth.Speaker(0, 1, 1)
    )
    (moved,) = shift.shifted(clip, [shift.Shift(pitch_hz=110.0, formants=0.85, tempo=1.25)])
    pitch, _ = pyworld.dio(moved.samples.astype(np.float64), synth.RATE)
    assert np.median(pitch[pitch > 0]) == pytest.approx(110, rel=0.05)
    assert len(moved.samples) == pytest.approx(synth.RATE / 1.25, rel=0.02)
    np.testing.assert_allclose(moved.ends, [0.16, 0.8])
    silent = synth.Clip(np.zeros(synth.RATE, np.float32), ["sil"], np.array([1.0]), [], clip.speaker)
    assert not list(shift.shifted(silent, [shift.Shift()]))
