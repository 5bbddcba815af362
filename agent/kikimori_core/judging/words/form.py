"""Form of a predicate: the meaning of the auxiliaries and particles behind a verb, an adjective or a noun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


class Form:
    """Grammar that stands behind the head of a predicate, as bits of a number: an IntFlag takes ten times as long."""

    NEGATIVE: Final = 1 << 0
    PASSIVE: Final = 1 << 1
    CAUSATIVE: Final = 1 << 2
    POTENTIAL: Final = 1 << 3
    """使える, which SudachiPy files under 使う."""
    ASPECT: Final = 1 << 4
    """ている and its spoken forms."""
    PAST: Final = 1 << 5
    WISH: Final = 1 << 6
    """たい."""
    IMPERATIVE: Final = 1 << 7
    PROHIBITION: Final = 1 << 8
    """するな, するんじゃない, しないでくれ, したらあかん."""
    REQUEST: Final = 1 << 9
    """てくれる, てもらう, てほしい, てください."""
    FAVOUR: Final = 1 << 10
    """てやる, てあげる, たる."""
    VOLITION: Final = 1 << 11
    """しよう."""
    PERMISSION: Final = 1 << 12
    """てもいい, ても構わない."""
    CONDITION: Final = 1 << 13
    """すれば, したら."""
    SUGGESTION: Final = 1 << 14
    """したらどうだ, すればいい."""
    CONCESSION: Final = 1 << 15
    """しても."""
    NECESSITY: Final = 1 << 16
    """しないと, しなければ, べき."""
    TE: Final = 1 << 17
    """Ends in て or で."""
    QUESTION: Final = 1 << 18
    EXPLAINS: Final = 1 << 19
    """のだ, んだ, の at the end."""
    RHETORICAL: Final = 1 << 20
    """んじゃないの, じゃねえか."""
    GUESS: Final = 1 << 21
    """だろう, でしょう."""
    INSISTS: Final = 1 << 22
    """ぞ, よ, わ, からな."""
    SCORN: Final = 1 << 23
    """やがる."""
    TRY: Final = 1 << 24
    """てみる."""
    COMPLETE: Final = 1 << 25
    """てしまう, ちゃう."""
    CAUSE: Final = 1 << 26
    """ので, から before more."""
    BUT: Final = 1 << 27
    """けど, が before more."""
    POLITE: Final = 1 << 28
    PLAN: Final = 1 << 29
    """するつもり, 予定, 気."""
    HEARSAY: Final = 1 << 30
    """するそうだ, らしい."""
    NOUNED: Final = 1 << 31
    """The clause is the subject of a larger one: するのが, すること."""
    AGREES: Final = 1 << 33
    """ね, よね: the listener is asked to agree; not からね."""
    REGRET: Final = 1 << 34
    """てしまう, ちゃう."""
    OUGHT: Final = 1 << 35
    """すべき, するのが筋."""
    OUTCOME: Final = 1 << 32
    """It comes to that: することになる, したくなる."""
    AMONG: Final = 1 << 36
    """One of several things that are done: したりする."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """One head with its form."""

    at: int
    """Index of the head among the words."""
    end: int
    """Index after the last word of the form."""
    form: int
    """Bits of `Form`."""
    last: bool
    """Nothing follows in its clause: the utterance ends, or a punctuation mark stands there."""

    def has(self, *any_of: int) -> bool:
        """Return whether the form holds one of these flags."""
        return any(self.form & each for each in any_of)
