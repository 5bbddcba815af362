"""The kinds of rules, one file each: settings and detector. A new kind is a file here and a line in `KINDS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.kinds.detention import DetentionRule
from kikimori_core.judging.kinds.escalate import EscalateRule
from kikimori_core.judging.kinds.overlap import OverlapRule
from kikimori_core.judging.kinds.phrase import PhraseRule
from kikimori_core.judging.kinds.repeat_caller import RepeatCallerRule
from kikimori_core.judging.kinds.repeated import RepeatedRule
from kikimori_core.judging.kinds.shouting import ShoutingRule
from kikimori_core.judging.kinds.silence import SilenceRule
from kikimori_core.judging.kinds.tone import ToneRule

if TYPE_CHECKING:
    from kikimori_core.judging.kinds.rule import Rule

KINDS: tuple[type[Rule], ...] = (
    ShoutingRule,
    PhraseRule,
    RepeatedRule,
    RepeatCallerRule,
    DetentionRule,
    OverlapRule,
    SilenceRule,
    ToneRule,
    EscalateRule,
)
