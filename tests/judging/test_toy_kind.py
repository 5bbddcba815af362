"""A new kind of rule: one file, as the rest of this module, and one line in `KINDS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.kinds import KINDS
from kikimori_core.judging.kinds.detector import CallFacts, Detector, Finding, Observation, Spoken
from kikimori_core.judging.kinds.rule import Name, Rule
from kikimori_core.judging.phrases import NoPhrases
from kikimori_core.judging.rules import categories_without_phrases, load_rules
from kikimori_core.judging.summary import with_summary
from kikimori_core.model.alert import Severity
from kikimori_core.model.evidence import Role, Utterance
from kikimori_core.wire.evidence import OtherEvidence

if TYPE_CHECKING:
    from pathlib import Path


class LongWindedRule(Rule):
    """The customer talks for long without a pause."""

    kind: Literal["long-winded"]
    severity: Severity = Severity.NOTICE
    after_s: float = 30.0
    category: Name = "monologue"

    def detector(self, facts: CallFacts) -> Detector:  # noqa: ARG002  (needs nothing of other rules)
        return LongWindedDetector(self)

    def needs_words(self) -> bool:
        return True

    def categories(self) -> tuple[str, ...]:
        return (self.category,)


class LongWindedDetector(Detector):
    def __init__(self, rule: LongWindedRule) -> None:
        self._rule = rule

    def observe(self, observation: Observation) -> Finding | None:
        if not isinstance(observation, Spoken):
            return None
        said = observation.utterance
        if said.end_s - said.start_s < self._rule.after_s:
            return None
        evidence = OtherEvidence(
            kind="long-winded",
            start_s=said.start_s,
            end_s=said.end_s,
            summary={"ja": "長い話", "en": "talks on and on"},
        )
        return Finding(said.end_s, self._rule.severity, (evidence,))


def test_a_kind_of_ones_own_is_read_judged_and_summarised(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        '[[rule]]\nid = "tired"\nkind = "long-winded"\nafter_s = 40\ntitle = { ja = "長話", en = "Monologue" }\n',
        encoding="utf-8",
    )
    rules = load_rules([file], (*KINDS, LongWindedRule))
    assert [rule.kind for rule in rules] == ["long-winded"]
    assert rules[0].needs_words()
    assert categories_without_phrases(rules, {"insult"}) == {"monologue": "tired"}
    judge = CallJudge(rules, NoPhrases(), words_heard=True)
    heard = [
        judge.observe(Utterance(Role.CUSTOMER, f"line-{seconds}", 0.0, seconds, "それでですね", final=True))
        for seconds in (39.0, 41.0)
    ]
    assert heard[0] == []
    (raised,) = heard[1]
    assert raised.rule == "tired"
    (evidence,) = raised.evidence
    assert with_summary(evidence).summary["ja"] == "長い話"
