"""Choice between the likely texts of an utterance: alarming words count although the recogniser preferred another text.

A recogniser hears 税込で画質 for 土下座し in noise, with the right words close behind. They count where the likely texts
that hold them are together as probable as `SHARE`. Measured with `models/ja-synth` on 304 alarming and 40 harmless calls and
2.4 hours of calm speech, with a wider beam than is shipped: 55 % of the alarming ones were found without, 59 % with 0.2, 61 %
with 0.1; false alarms in calm speech 5, 5 and 10. As shipped 46 % without, 52 % with 0.2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kikimori_core.model.evidence import OtherTranscription, Role

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from kikimori_core.judging.phrases import Match, PhraseFinder
    from kikimori_core.model.evidence import LikelyText, Utterance

SHARE = 0.2
"""Least probability of alarming words."""


def chosen(utterance: Utterance, phrases: PhraseFinder, alarming: AbstractSet[str]) -> Utterance:
    """Return a customer's final with the text that counts: a likely text that alarms takes the place of one that does not.

    The text that was replaced becomes `other`, unless another recogniser's text stands there. A final keeps its text where it
    alarms itself, and where it holds the alarming words of the likely one in a harmless form: 上司に代われとは言ってません
    stands against 上司に代われとは言って.
    """
    if utterance.role is not Role.CUSTOMER or sum(each.share for each in utterance.likely) < SHARE:
        return utterance

    def alarms(text: str) -> list[Match]:
        found = phrases.find(replace(utterance, text=text, final=False))
        return [match for match in found.matches if match.category in alarming]

    if alarms(utterance.text):
        return utterance
    shares: dict[str, float] = {}
    first: dict[str, LikelyText] = {}
    for each in utterance.likely:
        for category in {
            match.category for match in alarms(each.text) if match.matched not in utterance.text
        }:
            shares[category] = shares.get(category, 0.0) + each.share
            first.setdefault(category, each)
    surest = max(shares, key=shares.__getitem__, default="")
    return _instead(utterance, first[surest]) if shares.get(surest, 0.0) >= SHARE else utterance


def _instead(utterance: Utterance, likely: LikelyText) -> Utterance:
    return replace(
        utterance,
        text=likely.text,
        words=likely.words,
        other=utterance.other or OtherTranscription(utterance.text, utterance.engine or ""),
        likely=(),
    )
