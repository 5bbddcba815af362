"""The kinds of rules, one file each: settings and detector. A new kind is a file here and a line in `KINDS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.judging.kinds.detention import DetentionRule
from kikimori.judging.kinds.escalate import EscalateRule
from kikimori.judging.kinds.overlap import OverlapRule
from kikimori.judging.kinds.phrase import PhraseRule
from kikimori.judging.kinds.repeated import RepeatedRule
from kikimori.judging.kinds.shouting import ShoutingRule
from kikimori.judging.kinds.silence import SilenceRule
from kikimori.judging.kinds.tone import ToneRule

if TYPE_CHECKING:
    from kikimori.judging.kinds.rule import Rule

KINDS: tuple[type[Rule], ...] = (
    ShoutingRule,
    PhraseRule,
    RepeatedRule,
    DetentionRule,
    OverlapRule,
    SilenceRule,
    ToneRule,
    EscalateRule,
)
