"""Sentences that the recogniser cut at a pause: what only both halves hold counts, once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kikimori.config import AgentConfig
from kikimori.phrase_finder import configured_finder
from kikimori_core.judging import cut_sentences
from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.rules import load_rules
from kikimori_core.model.alert import AlertState, ClosedBecause
from kikimori_core.model.evidence import Role, Utterance
from kikimori_core.wire.messages import Severity, ToneEvidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_core.judging.phrases import UtteranceFindings
    from kikimori_core.model.alert import AlertChange

CONFIG = AgentConfig()
RULES = load_rules(CONFIG.rule_files())
FINDER = configured_finder(CONFIG, RULES)
FIRST, SECOND = "うちはここの土地を三代貸してるんだ", "貸主に逆らうもんじゃない"
TONED, DOUBTED = "そんな態度で客商売が務まると思ってんのか", "うざい"


def final(text: str, start_s: float, role: Role = Role.CUSTOMER) -> Utterance:
    return Utterance(role, f"{role}-{start_s}", start_s, start_s + 2, text, final=True)


def judged(told: Iterable[Utterance]) -> list[AlertChange]:
    judge = CallJudge(RULES, FINDER, words_heard=True)
    return [change for each in told for change in judge.observe(each)]


def test_neither_half_alarms_alone() -> None:
    assert judged([final(FIRST, 10)]) == judged([final(SECOND, 10)]) == []


def test_a_sentence_cut_at_a_pause_is_read_as_one() -> None:
    [change] = judged([final(FIRST, 10), final(SECOND, 12.8)])
    [evidence] = change.evidence
    assert isinstance(evidence, ToneEvidence)
    assert evidence.text == f"{FIRST}、{SECOND}"
    assert (evidence.start_s, evidence.end_s, evidence.category) == (10, 14.8, "authority")


class Recording:
    """Finder that keeps the questions it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def find(self, utterance: Utterance, *, acts: bool = True) -> UtteranceFindings:
        self.asked.append((utterance.text, acts))
        return FINDER.find(utterance, acts=acts)


def test_the_demand_of_both_is_not_looked_for() -> None:
    finder = Recording()
    judge = CallJudge(RULES, finder, words_heard=True)
    for each in (final(FIRST, 10), final(SECOND, 12.8)):
        judge.observe(each)
    assert finder.asked == [(FIRST, True), (SECOND, True), (f"{FIRST}、{SECOND}", False)]


def test_the_demand_of_what_may_be_taken_back_is_not_looked_for() -> None:
    finder = Recording()
    judge = CallJudge(RULES, finder, words_heard=True)
    for each in (final("殺すぞ", 10), final("って言われました", 12.6)):
        judge.observe(each)
    assert finder.asked[2] == ("殺すぞって言われました", False)


def test_without_acts_neither_demand_nor_refusal_is_found() -> None:
    demand, refusal = final("返金しろ、殺すぞ", 10), final("返金はいたしかねます", 10, Role.OPERATOR)
    whole, words = FINDER.find(demand), FINDER.find(demand, acts=False)
    assert whole.demand is not None
    assert (words.demand, words.wording, words.demanding) == (None, None, None)
    assert words.matches == whole.matches != ()
    assert FINDER.find(refusal).refusal is not None
    assert FINDER.find(refusal, acts=False).refusal is None


def test_both_together_must_be_surer_than_one_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    [change] = judged([final(FIRST, 10), final(SECOND, 12.8)])
    [evidence] = change.evidence
    assert isinstance(evidence, ToneEvidence)
    monkeypatch.setattr(cut_sentences, "SURE_TONE", evidence.probability + 0.01)
    assert judged([final(FIRST, 10), final(SECOND, 12.8)]) == []


def counted(told: Iterable[Utterance]) -> dict[str, int]:
    """Return what health counts of these."""
    judge = CallJudge(RULES, FINDER, words_heard=True)
    for each in told:
        judge.observe(each)
    return judge.counts.counters()


@pytest.mark.parametrize(
    ("told", "doubted", "tones"),
    [
        pytest.param([FIRST, SECOND], 0, 1, id="of both together"),
        pytest.param(["もしもし", TONED], 0, 1, id="of one half"),
        pytest.param([TONED, "聞いてるのか"], 0, 1, id="of the first half"),
        pytest.param(["そう言った", DOUBTED], 1, 0, id="a doubt of one half"),
        pytest.param([DOUBTED, "そう言った"], 1, 0, id="a doubt of the first half"),
    ],
)
def test_health_counts_a_tone_and_a_doubt_once(told: list[str], doubted: int, tones: int) -> None:
    """Also where the halves are read as one sentence, and where they are heard again."""
    finals = [final(text, 10 + 2.8 * number) for number, text in enumerate(told)]
    again = [replace(each, again=True) for each in finals]
    assert counted([*finals, *again]) == {"phrases_doubted": doubted, "tones_noticed": tones}


def test_a_half_heard_again_takes_the_first_one_s_place() -> None:
    told = [
        final(FIRST, 10),
        final("焼く人が脚に井県するもんじゃ内", 12.8),
        replace(final(SECOND, 12.8), again=True),
        replace(final(SECOND, 12.8), again=True, line_id="customer-12.8"),
    ]
    assert len(judged(told)) == 1


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([final(FIRST, 10), final(SECOND, 13.1)], id="a longer pause"),
        pytest.param([final(FIRST, 10), final(SECOND, 12.8, Role.OPERATOR)], id="the other speaker"),
        pytest.param([final(FIRST, 10, Role.MIXED), final(SECOND, 12.8, Role.MIXED)], id="a mixed leg"),
        pytest.param([final(FIRST * 6, 10), final(SECOND, 12.8)], id="too long"),
        pytest.param(
            [final("こちらは毎月きちんと納めております", 10), final(SECOND, 12.8)], id="a polite end"
        ),
    ],
)
def test_what_may_be_two_sentences_is_not_joined(told: list[Utterance]) -> None:
    assert not [change for change in judged(told) if SECOND in str(change.evidence)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("お前は本当に馬鹿か", "って言われました"),
        ("金よこせ", "っていう顔で見てくるんですよ"),
        ("ふざけるな", "みたいな感じで"),
        ("殺すぞ", "と言われて怖かったんです"),
        ("死ね", "とか言ってくるんです"),
    ],
)
def test_what_the_next_final_calls_another_s_words_is_taken_back(first: str, second: str) -> None:
    changes = judged([final(first, 10), final(second, 12.6)])
    assert [change.state for change in changes] == [AlertState.OPEN, AlertState.CLOSED]
    assert changes[-1].closed_because is ClosedBecause.TAKEN_BACK


@pytest.mark.parametrize(
    ("first", "second", "start_s"),
    [
        ("金返せ", "って言ってんだろうが", 12.6),
        ("ふざけるな", "って", 12.6),
        ("早くしろ", "ってば", 12.6),
        ("殺すぞ", "と言ってるんだ", 12.6),
        # Another sentence, much later.
        ("殺すぞ", "って言われました", 14),
    ],
)
def test_what_the_speaker_insists_on_in_the_next_final_stays(first: str, second: str, start_s: float) -> None:
    changes = judged([final(first, 10), final(second, start_s)])
    assert changes
    assert {change.state for change in changes} == {AlertState.OPEN}


@pytest.mark.parametrize("second", ["って怒鳴られました", "とか言ってくるんですよ", "と言われてしまって"])
def test_a_tone_that_was_another_s_is_taken_back(second: str) -> None:
    changes = judged([final(TONED, 10), final(second, 12.6)])
    assert [(change.rule, change.state) for change in changes] == [
        ("tone", AlertState.OPEN),
        ("tone", AlertState.CLOSED),
    ]


@pytest.mark.parametrize("second", ["って言ってんだろ", "と言ってるんです", "って", "とにかく謝ってください"])
def test_a_tone_that_is_the_speaker_s_stays(second: str) -> None:
    changes = judged([final(TONED, 10), final(second, 12.6)])
    assert {change.state for change in changes if change.rule == "tone"} == {AlertState.OPEN}


def test_only_what_the_next_final_reports_is_taken_back() -> None:
    told = [final("殺すぞ", 10), final("ぶん殴るぞ", 20), final("って言われました", 22.6)]
    last = judged(told)[-1]
    assert last.state is AlertState.OPEN
    assert [getattr(each, "text", None) for each in last.evidence] == ["殺すぞ"]


def test_what_is_taken_back_counts_for_nothing() -> None:
    """The fourth insult of a call makes it critical: three and one that was another's are three."""
    insults = [final("ふざけるな", at_s) for at_s in (10, 20, 30)]
    reported = [final("ふざけるな", 40), final("って怒鳴られました", 42.6)]
    fourth = final("ふざけるな", 60)
    severities = [change.severity for change in judged([*insults, fourth])]
    assert severities[-1] is Severity.CRITICAL
    told = judged([*insults[:2], *reported, fourth])
    assert {change.severity for change in told} == {Severity.WARNING}


def test_what_a_half_told_is_not_told_again() -> None:
    alone = judged([final("殺すぞ", 10), final("聞いてるのか", 12.8)])
    assert [change.rule for change in alone] == ["phrase-violence"]


def test_what_only_both_hold_is_told_only_where_it_is_meant() -> None:
    # Together they hold a phrase of violence, of which the whole sentence shows no sign.
    eating = "カロリーのこと考えるとダメだと思うんですがどうしても手が出ちゃいますよね"
    assert judged([final(eating, 10), final("そうなんです", 12.8)]) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # Joined they resemble a remark about a woman.
        pytest.param("BSでやってました", "みんなお姉さん", id="polite"),
        pytest.param("動物の特技なんでしょうか。", "気の利かない人間よりも敏感なんです", id="a polite guess"),
        pytest.param("怖い思いしてなんでお金払うのー!", "そんな時のお姉ちゃん!!", id="exclaimed"),
        pytest.param("こっちの話聞いてるのかなー？", "理解してんのかなー", id="asked"),
    ],
)
def test_what_follows_the_end_of_a_sentence_is_another(first: str, second: str) -> None:
    assert judged([final(first, 10), final(second, 12.8)]) == []


def test_a_full_stop_at_a_pause_ends_no_sentence() -> None:
    """A recogniser that writes marks ends every final with one."""
    assert judged([final(f"{FIRST}。", 10), final(SECOND, 12.8)])
