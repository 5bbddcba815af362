"""The form a predicate is said in: what the auxiliaries and particles behind a verb, an adjective or a noun say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag, auto


class Form(IntFlag):
    """Grammar that stands behind the head of a predicate."""

    NEGATIVE = auto()
    PASSIVE = auto()
    CAUSATIVE = auto()
    POTENTIAL = auto()
    """使える, which SudachiPy files under 使う."""
    ASPECT = auto()
    """ている and what speech makes of it."""
    PAST = auto()
    WISH = auto()
    """たい."""
    IMPERATIVE = auto()
    PROHIBITION = auto()
    """するな, するんじゃない, しないでくれ, したらあかん."""
    REQUEST = auto()
    """てくれる, てもらう, てほしい, てください."""
    FAVOUR = auto()
    """てやる, てあげる, たる."""
    VOLITION = auto()
    """しよう."""
    PERMISSION = auto()
    """てもいい, ても構わない."""
    CONDITION = auto()
    """すれば, したら."""
    SUGGESTION = auto()
    """したらどうだ, すればいい."""
    CONCESSION = auto()
    """しても."""
    NECESSITY = auto()
    """しないと, しなければ, べき."""
    TE = auto()
    """Ends in て or で."""
    QUESTION = auto()
    EXPLAINS = auto()
    """のだ, んだ, の at the end."""
    RHETORICAL = auto()
    """んじゃないの, じゃねえか."""
    GUESS = auto()
    """だろう, でしょう."""
    INSISTS = auto()
    """ぞ, よ, わ, からな."""
    SCORN = auto()
    """やがる."""
    TRY = auto()
    """てみる."""
    COMPLETE = auto()
    """てしまう, ちゃう."""
    CAUSE = auto()
    """ので, から before more."""
    BUT = auto()
    """けど, が before more."""
    POLITE = auto()
    PLAN = auto()
    """するつもり, 予定, 気."""
    HEARSAY = auto()
    """するそうだ, らしい."""
    NOUNED = auto()
    """What is said is the subject of more: するのが, すること."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """One head with its form."""

    at: int
    """Index of the head among the words."""
    end: int
    """Index after the last word of the form."""
    form: Form
    last: bool
    """Nothing follows in its clause: the utterance ends, or a punctuation mark stands there."""

    def has(self, *any_of: Form) -> bool:
        """Return whether the form holds one of these flags."""
        return any(self.form & each for each in any_of)
