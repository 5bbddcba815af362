"""The second opinion over the phrases: what it doubts, what it notices, and what it adds on sentences that it never learned."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.opinion import altered_opinion
from tests.support.told import CUSTOMER, MIXED, OPERATOR, PHRASES, RULES, said

from kikimori.config import BUILTIN_SENTENCES, AgentConfig, JudgingTable
from kikimori.errors import ConfigError
from kikimori_core.judging.finding_counts import FindingCounts
from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.phrases import load_phrases
from kikimori_core.judging.second_opinion import with_second_opinion
from kikimori_core.judging.second_opinion.checked import CheckedPhrases
from kikimori_core.judging.second_opinion.features import BITS, number_of
from kikimori_core.judging.second_opinion.meaning import spoken
from kikimori_core.judging.second_opinion.model import FORMAT, OpinionModel
from kikimori_core.judging.second_opinion.senses import Senses
from kikimori_core.judging.sentence_encoder import load_encoder
from kikimori_core.judging.words.sound import plain, words
from kikimori_core.model.alert import Severity
from kikimori_core.model.evidence import Role
from kikimori_core.wire.messages import ToneEvidence

DATA = Path(__file__).parent / "data"
FOLDER = AgentConfig().opinion_folder()
UNCLEAR = "今夜そっちの駐車場で待ち伏せしておくわ"
"""A sentence with a tone and without a phrase."""


def checked() -> CheckedPhrases:
    book = with_second_opinion(PHRASES, RULES, FOLDER, BUILTIN_SENTENCES)
    assert isinstance(book, CheckedPhrases)
    return book


def opened(book: CheckedPhrases, text: str, role: Role = CUSTOMER) -> dict[str, Severity]:
    judge = CallJudge(RULES, book, words_heard=True)
    changes = judge.observe(said(text, 10, role)) + judge.advance(20)
    return {change.rule: change.severity for change in changes}


def test_a_doubted_phrase_raises_nothing_and_is_told(tmp_path: Path) -> None:
    """With a model that doubts everything of a category, its phrases count for nothing; others do."""
    folder = altered_opinion(tmp_path, veto_below={"insult": 1.0}, sure_veto_below=1.0, tone_from={})
    book = with_second_opinion(PHRASES, RULES, folder, BUILTIN_SENTENCES)
    assert isinstance(book, CheckedPhrases)
    judge = CallJudge(RULES, book, words_heard=True)
    assert judge.observe(said("この馬鹿野郎が", 10)) == []
    assert [(each.category, each.matched) for each in judge.doubted] == [("insult", "馬鹿野郎")]
    assert judge.counts.counters() == {"phrases_doubted": 1, "tones_noticed": 0}
    assert opened(book, "殺すぞ") == {"phrase-violence": Severity.CRITICAL}
    judge.observe(said("はい、わかりました", 20))
    assert judge.doubted == ()


def test_a_doubted_partial_is_not_believed(tmp_path: Path) -> None:
    book = with_second_opinion(
        PHRASES,
        RULES,
        altered_opinion(tmp_path, veto_below={"insult": 1.0}, sure_veto_below=1.0, tone_from={}),
        BUILTIN_SENTENCES,
    )
    judge = CallJudge(RULES, book, words_heard=True)
    for end_s in (11.0, 12.0, 13.0):
        partial = replace(said("この馬鹿野郎が", 10, final=False), end_s=end_s)
        assert judge.observe(partial) == []
    assert judge.counts == FindingCounts()


@pytest.mark.parametrize(("jest", "found"), [(0.0, {"phrase-threat"}), (1.0, set())])
def test_what_friends_say_in_jest_needs_a_harassing_sentence(
    jest: float, found: set[str], tmp_path: Path
) -> None:
    """The bar of its category may be lower; other phrases of it keep that."""
    folder = altered_opinion(tmp_path, veto_below={"threat": 0.001}, jest_veto_below=jest, tone_from={})
    book = with_second_opinion(PHRASES, RULES, folder, BUILTIN_SENTENCES)
    assert isinstance(book, CheckedPhrases)
    assert opened(book, "@しらたき 覚えておけよー").keys() == found
    assert opened(book, "ただじゃおかないからな").keys() == {"phrase-threat"}


def test_a_phrase_is_not_both_sure_and_said_in_jest(tmp_path: Path) -> None:
    path = tmp_path / "both.toml"
    path.write_text(
        'category = "insult"\ntitle = {ja = "暴言"}\nsaid_by = "customer"\n'
        '[[group]]\nsure = true\njest = true\nphrases = ["馬鹿野郎"]\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=r"both\.toml.*`jest`"):
        load_phrases([path])


@pytest.mark.parametrize(("unclear", "found"), [(None, {}), (1.0, {}), (0.5, {"tone": Severity.NOTICE})])
def test_harassment_of_an_unclear_category_has_its_own_bar(
    unclear: float | None, found: dict[str, Severity], tmp_path: Path
) -> None:
    folder = altered_opinion(tmp_path, tone_share=1.0, rough_share=1.0, tone_unclear_from=unclear)
    book = with_second_opinion(PHRASES, RULES, folder, BUILTIN_SENTENCES)
    assert isinstance(book, CheckedPhrases)
    assert opened(book, UNCLEAR) == found


def unsure_of(tmp_path: Path, **bars: float) -> CheckedPhrases:
    """Return the phrases with bars of a critical alert, and nothing doubted; a model's folder is read once, so each has its own."""
    folder = tmp_path / f"bars-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    altered_opinion(folder, veto_below={}, critical_from=bars, tone_from={})
    book = with_second_opinion(PHRASES, RULES, folder, BUILTIN_SENTENCES)
    assert isinstance(book, CheckedPhrases)
    return book


def harm(text: str) -> float:
    """Return what the shipped model says of a sentence."""
    assert FOLDER is not None
    encoder = load_encoder(BUILTIN_SENTENCES)
    text = plain(text)
    cut = words(text)
    return OpinionModel(FOLDER).judge(cut, lambda: encoder.of(spoken(text, cut))).harm


def test_one_phrase_alone_is_critical_only_in_a_sentence_that_is_surely_harassment(tmp_path: Path) -> None:
    assert opened(unsure_of(tmp_path, violence=1.0), "殺すぞ") == {"phrase-violence": Severity.WARNING}
    assert opened(unsure_of(tmp_path, violence=0.1), "殺すぞ") == {"phrase-violence": Severity.CRITICAL}
    # A folder of an earlier release has no such bars.
    assert opened(unsure_of(tmp_path), "殺すぞ") == {"phrase-violence": Severity.CRITICAL}
    assert opened(unsure_of(tmp_path, violence=1.0), "この馬鹿野郎が") == {"phrase-insult": Severity.WARNING}


def test_words_said_again_and_again_are_critical_however_sure_it_is_of_each(tmp_path: Path) -> None:
    judge = CallJudge(RULES, unsure_of(tmp_path, insult=1.0), words_heard=True)
    told = [change for at_s in range(10, 50, 10) for change in judge.observe(said("この馬鹿野郎が", at_s))]
    assert [change.severity for change in told] == [Severity.WARNING] * 3 + [Severity.CRITICAL]


def test_a_second_hearing_of_the_line_may_be_surer(tmp_path: Path) -> None:
    """The alert becomes critical then; the same words count once."""
    first, second = "おい、覚えておけよ", "お前の家に火をつけてやるからな、覚えておけよ"
    bar = (harm(first) + harm(second)) / 2
    assert harm(first) < bar < harm(second)
    judge = CallJudge(RULES, unsure_of(tmp_path, threat=bar), words_heard=True)
    (change,) = judge.observe(said(first, 10))
    assert (change.rule, change.severity) == ("phrase-threat", Severity.WARNING)
    changes = {each.rule: each for each in judge.observe(replace(said(second, 10), again=True))}
    worse = changes["phrase-threat"]
    assert (worse.ordinal, worse.severity, len(worse.evidence)) == (1, Severity.CRITICAL, 1)
    assert judge.observe(replace(said(second, 10, OPERATOR), again=True)) == []


def test_a_second_hearing_that_is_no_surer_says_nothing_new(tmp_path: Path) -> None:
    judge = CallJudge(RULES, unsure_of(tmp_path, violence=1.0), words_heard=True)
    assert len(judge.observe(said("殺すぞ", 10))) == 1
    assert judge.observe(replace(said("殺すぞ。", 10), again=True)) == []


@pytest.mark.parametrize("text", ["覚えておけよー！", "答え：そっちいくわ"])
def test_words_between_friends_are_not_critical(text: str) -> None:
    assert Severity.CRITICAL not in opened(checked(), text).values()


@pytest.mark.parametrize(
    "text",
    [
        "くそったれ",
        "うぜえんだよ",
        "このアンポンタン",
        "この役立たずが",
        "もたもた仕事しやがって",
        "恥知らずめ",
    ],
)
def test_plain_abuse_by_itself_is_hardly_doubted(text: str) -> None:
    # The whole sentence says little here: `sure` phrases count from a low probability on.
    assert opened(checked(), text) == {"phrase-insult": Severity.WARNING}


@pytest.mark.parametrize(
    "text",
    [
        "うちの子は役立たずで",
        "うるせえ店だと息子が言うんです",
        "トロトロになるまで煮込んで",
        "くそったれって言われました",
    ],
)
def test_such_words_about_others_raise_nothing(text: str) -> None:
    assert opened(checked(), text) == {}


def test_demands_that_are_counted_are_never_doubted(tmp_path: Path) -> None:
    folder = altered_opinion(tmp_path, veto_below={"call_for_superior": 1.0}, tone_from={})
    book = with_second_opinion(PHRASES, RULES, folder, BUILTIN_SENTENCES)
    assert {match.category for match in book.find(said("責任者を出せ", 10)).matches} == {"call_for_superior"}


def test_a_tone_is_a_notice_with_the_words_that_weighed_most(tmp_path: Path) -> None:
    folder = altered_opinion(tmp_path, tone_from={"insult": 0.5})
    book = with_second_opinion(PHRASES, RULES, folder, BUILTIN_SENTENCES)
    judge = CallJudge(RULES, book, words_heard=True)
    text = "金魚の方がまだ賢いんじゃねえの"
    assert book.find(said(text, 10)).matches == ()
    (change,) = judge.observe(said(text, 10))
    assert (change.rule, change.severity, change.suggestion) == ("tone", Severity.NOTICE, None)
    (evidence,) = change.evidence
    assert isinstance(evidence, ToneEvidence)
    assert evidence.category == "insult"
    assert 1 <= len(evidence.words) <= 3
    assert all(word in text for word in evidence.words)


@pytest.mark.parametrize("role", [OPERATOR])
def test_an_operator_has_no_tone(role: Role, tmp_path: Path) -> None:
    book = with_second_opinion(
        PHRASES, RULES, altered_opinion(tmp_path, tone_from={"insult": 0.5}), BUILTIN_SENTENCES
    )
    assert book.find(said("金魚の方がまだ賢いんじゃねえの", 10, role)).tone is None


def test_hints_at_self_harm_are_shown_and_suggest_nothing() -> None:
    for text in ("断るなら飛び降りるからな", "私が死ねば満足なんでしょう", "このままなら首を吊るよ"):
        judge = CallJudge(RULES, checked(), words_heard=True)
        changes = {change.rule: change for change in judge.observe(said(text, 10))}
        assert changes["phrase-self-harm"].severity is Severity.WARNING
        assert all(change.suggestion is None for change in changes.values())
    for text in (
        "母が死んだので名義変更をお願いします",
        "死ぬほど心配しました",
        "死にたいと言う友人がいて心配です",
    ):
        assert "phrase-self-harm" not in opened(checked(), text)


@pytest.mark.parametrize(
    "text", ["さっきも言ったでしょ", "だから何度も言ってるじゃないですか", "さっき説明しましたよね"]
)
def test_saying_it_once_more_raises_nothing(text: str) -> None:
    assert opened(checked(), text) == {}


def test_it_can_be_switched_off() -> None:
    off = AgentConfig(judging=JudgingTable(second_opinion=False))
    assert off.opinion_folder() is None
    assert with_second_opinion(PHRASES, RULES, off.opinion_folder(), BUILTIN_SENTENCES) is PHRASES
    assert AgentConfig(language="en").opinion_folder() is None


def test_a_mixed_leg_may_be_the_customer(tmp_path: Path) -> None:
    book = with_second_opinion(
        PHRASES, RULES, altered_opinion(tmp_path, tone_from={"insult": 0.5}), BUILTIN_SENTENCES
    )
    assert book.find(said("金魚の方がまだ賢いんじゃねえの", 10, MIXED)).tone is not None


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"format": FORMAT + 1}, "another version"),
        ({"bits": BITS - 1}, "another version"),
        ({"bias": [0.0]}, "another version"),
        ({"temperature": 0}, "temperature"),
    ],
)
def test_a_model_that_does_not_fit_is_told(fields: dict[str, object], told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=told):
        OpinionModel(altered_opinion(tmp_path, **fields))


def test_weights_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    assert FOLDER is not None
    model = OpinionModel(altered_opinion(tmp_path))
    kept = np.zeros(1 << (BITS - 3), np.uint8)
    for weights in (np.zeros((4, 13), np.int8), np.zeros((0, 12), np.int8), np.zeros((0, 13), np.float32)):
        np.savez(tmp_path / "weights.npz", kept=kept, weights=weights)
        with pytest.raises(ConfigError, match=r"weights\.npz"):
            model.open()
    for parts in ({"kept": kept}, {"kept": kept.astype(np.float32), "weights": np.zeros((0, 13), np.int8)}):
        np.savez(tmp_path / "weights.npz", allow_pickle=False, **parts)
        with pytest.raises(ConfigError, match=r"weights\.npz"):
            model.open()
    whole = (FOLDER / "weights.npz").read_bytes()
    spoilt = whole[:150_000] + b"\xff" * 100 + whole[150_100:]
    for garbage in (b"", b"PK\x03\x04 no archive", whole[:100_000], spoilt):
        (tmp_path / "weights.npz").write_bytes(garbage)
        with pytest.raises(ConfigError, match=r"weights\.npz"):
            model.open()
    (tmp_path / "weights.npz").unlink()
    with pytest.raises(ConfigError, match="missing"):
        OpinionModel(tmp_path)
    with pytest.raises(ConfigError, match=r"model\.json"):
        OpinionModel(tmp_path / "nowhere")


@pytest.mark.parametrize(("number", "bits"), [(1, 17), (2, 18)])
def test_a_model_of_a_former_format_is_still_read(number: int, bits: int, tmp_path: Path) -> None:
    """As an office trained it: with a table of all rows, at first without `senses.npy`."""
    assert FOLDER is not None
    note = json.loads((FOLDER / "model.json").read_text(encoding="utf-8")) | {"format": number, "bits": bits}
    for later in ("network_share", "meaning_share"):
        del note[later]
    (tmp_path / "model.json").write_text(json.dumps(note), encoding="utf-8")
    if number > 1:
        (tmp_path / "senses.npy").write_bytes((FOLDER / "senses.npy").read_bytes())
    table = np.zeros((1 << bits, len(note["classes"])), np.int8)
    table[number_of("l馬鹿", bits), note["classes"].index("insult")] = 127
    np.save(tmp_path / "weights.npy", table)
    (tmp_path / "weights.npz").write_bytes(b"of a newer model that was tried in this folder")
    model = OpinionModel(tmp_path)
    assert model.judge(words("馬鹿")).harm > model.judge(words("宿")).harm
    assert model.weighed(words("馬鹿だ"), "insult") == ("馬鹿",)


def test_senses_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    folder = altered_opinion(tmp_path)
    np.save(folder / "senses.npy", np.zeros(3))
    with pytest.raises(ConfigError, match=r"senses\.npy"):
        OpinionModel(folder)
    (folder / "senses.npy").unlink()
    with pytest.raises(ConfigError, match=r"senses\.npy"):
        OpinionModel(folder)


def test_words_of_like_meaning_share_a_sense() -> None:
    assert FOLDER is not None
    senses = Senses.read(FOLDER)
    one, same, other = (senses.of(words(each)[0]) for each in ("馬鹿", "アホ", "駅"))
    assert one
    assert same
    assert other
    assert one.middle == same.middle != other.middle
    assert senses.of(words("ヴォギャングズム")[0]) is None


def test_the_shipped_model_is_small_and_believes_nothing_in_silence() -> None:
    assert FOLDER is not None
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 10_000_000
    assert OpinionModel(FOLDER).judge(words("")).harm == 0.0


BY_OTHERS = [(("unseen.jsonl", "developed.jsonl"), 0.85), (("apart.jsonl",), 0.8), (("put_away.jsonl",), 0.8)]
"""Sentences by authors who had read neither phrases nor templates, and the least share of the harassing ones that raise an alarm.

Those of the last two files were not looked at since.
"""


def _cases(names: tuple[str, ...]) -> list[dict[str, object]]:
    return [
        json.loads(line) for name in names for line in (DATA / name).read_text(encoding="utf-8").splitlines()
    ]


@pytest.mark.parametrize(("names", "least"), BY_OTHERS)
def test_what_it_adds_on_sentences_by_another_author(
    names: tuple[str, ...], least: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """None of these is learned from, though templates of their kinds were written. Prints the figures with `pytest -s`."""
    book, cases = checked(), _cases(names)
    alone = with_ = false_alone = false_with = vetoed = 0
    for case in cases:
        utterance = said(str(case["text"]), 10, Role(str(case["speaker"])))
        alarms = {rule.category for rule in RULES if hasattr(rule, "category")}
        before = {match.category for match in PHRASES.find(utterance).matches} & alarms
        after = book.find(utterance)
        now = ({match.category for match in after.matches} & alarms) | (
            {after.tone.category} if after.tone else set()
        )
        if case["expected"]:
            alone += bool(before)
            with_ += bool(now)
            vetoed += bool(before) and not now
        else:
            false_alone += bool(before)
            false_with += bool(now)
    with capsys.disabled():
        print(
            f"\nany alarm by phrases alone {alone}, with the second opinion {with_}; "
            f"false {false_alone} and {false_with}; true ones doubted {vetoed}; of {len(cases)}"
        )
    assert with_ > alone
    assert with_ >= least * sum(bool(case["expected"]) for case in cases)
    assert false_with <= 0.02 * len(cases) / 2
    assert vetoed <= 0.05 * alone
