"""From sound to alert: the figures of `kikimori evaluate` on calls whose hearing is given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.sample import alert
from tests.support.sample import line as sample_line

from kikimori.analysis import Findings
from kikimori.config import AgentConfig
from kikimori_core.model.call import Role
from kikimori_core.wire.messages import ToneEvidence, WordsEvidence
from kikimori_lab.evaluation.case_judge import CaseJudge
from kikimori_lab.evaluation.run import JudgedCall
from kikimori_lab.evaluation.sound import score_sound
from kikimori_lab.evaluation.truth import Truth, TruthSegment

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Alert, TranscriptLine

SAID = TruthSegment(role=Role.CUSTOMER, start=5.0, end=7.0, text="殺すぞ", voice="tanaka")
CALM = TruthSegment(role=Role.CUSTOMER, start=20.0, end=22.0, text="返品できますか", voice="tanaka")


def judged(
    lines: list[TranscriptLine], alerts: list[Alert], segments: tuple[TruthSegment, ...] = (SAID, CALM)
) -> JudgedCall:
    truth = Truth(
        version=1,
        audio="a.wav",
        channels=(Role.CUSTOMER, Role.OPERATOR),
        language="ja",
        segments=segments,
        condition="babble",
    )
    return JudgedCall("a", Path("a.wav"), truth, 30.0, Findings(lines=lines, changes=alerts), [])


def heard(text: str, start_s: float) -> TranscriptLine:
    return sample_line(
        line_id=f"customer-{start_s}", start_s=start_s, end_s=start_s + 2, text=text, other=None
    )


def told(start_s: float, engine: str, *, category: str = "violence") -> Alert:
    words = WordsEvidence(
        start_s=start_s,
        end_s=start_s + 2,
        role=Role.CUSTOMER,
        text="殺すぞ",
        matched="殺すぞ",
        category=category,
        engine=engine,
    )
    return alert(alert_id=f"a-{start_s}", rule="phrase-violence", rule_kind="phrase", evidence=(words,))


def test_what_is_kept_lost_and_false() -> None:
    judge = CaseJudge.of(AgentConfig())
    calls = [
        judged([heard("殺すぞ", 5.1), heard("返品できますか", 20)], [told(5.1, "whisper")]),
        judged([heard("転がすぞ", 5.1), heard("殺すぞ", 20)], [told(20, "vosk")]),
        judged([heard("よしよし", 12)], []),
    ]
    found = score_sound(calls, judge).as_json()
    kept = {name: found["all"][name] for name in ("found", "kept", "share", "harmless", "false")}
    assert kept == {"found": 3, "kept": 1, "share": 0.3333, "harmless": 3, "false": 1}
    assert found["voices"]["tanaka"] == found["conditions"]["babble"] == found["all"]
    assert found["engines"] == {"whisper": 1, "vosk": 1}
    assert found["invented"] == {"utterances": 1, "calls": 1}
    assert found["all"]["cer_sound"] > 0


def test_a_demand_that_counts_only_when_repeated_is_kept_when_it_was_understood() -> None:
    judge = CaseJudge.of(AgentConfig())
    said = TruthSegment(role=Role.CUSTOMER, start=5.0, end=7.0, text="責任者を出せ")
    understood = score_sound([judged([heard("責任者を出せ", 5)], [], (said,))], judge).all
    misheard = score_sound([judged([heard("席に座をだし", 5)], [], (said,))], judge).all
    assert (understood.found, understood.kept, misheard.kept) == (1, 1, 0)


def test_a_sentence_that_alarms_as_a_whole_is_kept_by_a_notice_of_tone() -> None:
    judge = CaseJudge.of(AgentConfig())
    text = "お客様は神様だって教わらなかったのか、神様に逆らうんじゃないよ"
    said = TruthSegment(role=Role.CUSTOMER, start=5.0, end=9.0, text=text)
    tone = ToneEvidence(
        start_s=5.1, end_s=8.9, role=Role.CUSTOMER, text=text, words=(), category="authority", probability=0.9
    )
    notice = alert(alert_id="a-1", rule="tone", rule_kind="tone", evidence=(tone,))
    kept = score_sound([judged([heard("神様", 5.1)], [notice], (said,))], judge).all
    lost = score_sound([judged([heard("神様", 5.1)], [], (said,))], judge).all
    assert (kept.found, kept.kept, lost.kept) == (1, 1, 0)
