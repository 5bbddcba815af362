"""Rough forms: what is one, and that a sentence in such a form needs less to be noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.opinion import altered_opinion
from tests.support.told import PHRASES, RULES, said

from kikimori.config import BUILTIN_SENTENCES, AgentConfig
from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.second_opinion import with_second_opinion
from kikimori_core.judging.second_opinion.model import OpinionModel
from kikimori_core.judging.words.rough import rough
from kikimori_core.model.alert import Severity

FOLDER = AgentConfig().opinion_folder() or Path()


@pytest.mark.parametrize(
    "text",
    [
        "タクシー代調べろ", "今すぐ持ってこい", "走って来い", "早く本社に電話しろよ", "金出せや", "まじめに書け", "返せって言ってるんだ", "なんで閉めるんだ、死ね", "それくらい覚えてねえのか",
        "できねーのかよ", "二度手間だろうが", "何やってんだよ", "いいから帰れ、馬鹿",
        "なんでこんなに遅れるんだ", "どうなってるんだ", "何をしたんだ", "いつまで並ばせるんだ", "どこに停めとんねん", "どこが高いんじゃ", "どういうつもりだ", "二度と同じことをするんじゃないぞ", "もう一遍言ってみろやコラ",
    ],
)  # fmt: skip
def test_orders_and_coarse_endings_are_rough(text: str) -> None:
    assert rough(PHRASES.hear(text))


@pytest.mark.parametrize(
    "text",
    [
        "調べてください", "早くしてくれませんか", "座ってなさいと言いました", "帰れと言われました", "黙れって怒鳴られたんです", "頑張れ", "今度調べてみよ", "やめとけ", "仕方ないとは言え",
        "確かにねえ", "そんな人いねえよな", "そりゃそうやろ", "いいんですよ", "何にせよ心配です",
        "どうして遅れるんですか", "何が始まるんだろう", "もう着いたんだ", "誰が来るんだっけ", "なんで遅れるんだと聞かれました", "違うんじゃないの", "奥さん! 何があったんだ", "一体どうしたんだ", "最後の一人になるまで戦え", "社会に出て羽ばたいていけ", "いつでもこい", "背中を撫でろと言いますね",
        "背中を撫でろと言ってきます", "どこまで行くんだよ? 分かんない! あれーみたいな", "早く寝ろよ! 聞いてんのかよ! みたいな",
    ],
)  # fmt: skip
def test_requests_reports_and_idioms_are_not(text: str) -> None:
    assert not rough(PHRASES.hear(text))


LOW = {
    "tone_from": {},
    "rough_from": dict.fromkeys(OpinionModel(FOLDER).note.tone_from, 0.01),
    "rough_share": 0.01,
}
"""Bars that any sentence in rough form reaches, and no other."""


def opened(text: str, tmp_path: Path, **fields: object) -> dict[str, Severity]:
    """Return the alerts of one utterance, by the shipped model with another note."""
    folder = altered_opinion(tmp_path, **fields)
    judge = CallJudge(RULES, with_second_opinion(PHRASES, RULES, folder, BUILTIN_SENTENCES), words_heard=True)
    changes = judge.observe(said(text, 10)) + judge.advance(20)
    return {change.rule: change.severity for change in changes}


def test_a_rough_sentence_needs_less_for_a_notice_of_tone(tmp_path: Path) -> None:
    assert opened("次のバスの時刻を調べろ", tmp_path, **LOW) == {"tone": Severity.NOTICE}


def test_a_mild_sentence_is_held_to_the_higher_bar(tmp_path: Path) -> None:
    assert opened("次のバスの時刻を調べてください", tmp_path, **LOW) == {}


@pytest.mark.parametrize(("least", "found"), [(0.0, {"phrase-insult": Severity.WARNING}), (1.0, {})])
def test_a_phrase_in_a_rough_sentence_is_doubted_less(
    least: float, found: dict[str, Severity], tmp_path: Path
) -> None:
    note = {
        "veto_below": {"insult": 1.0},
        "tone_from": {},
        "rough_from": {},
        "sure_veto_below": 1.0,
        "rough_veto_below": least,
    }
    assert opened("なんで閉めるんだ、死ね", tmp_path, **note) == found
    assert opened("この馬鹿が", tmp_path, **note) == {}
