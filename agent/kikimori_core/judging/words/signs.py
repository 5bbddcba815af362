"""Words beside a demand by which it is the same as before, or another: さっきから, だから, そこを何とか, じゃあ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.words.sound import plain, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_core.judging.words.sound import Pronunciation

BEGINNING = 3
"""Sounds that may stand before a word at the beginning: いや, もう, でも."""
LONG = 3
"""Sounds of a word before which others may stand."""


class DemandSigns:
    """Lists of such words, looked for by sound."""

    def __init__(
        self,
        insist: Iterable[str] = (),
        go_on: Iterable[str] = (),
        again: Iterable[str] = (),
        anew: Iterable[str] = (),
    ) -> None:
        self._insist, self._go_on, self._again, self._anew = map(_signs, (insist, go_on, again, anew))

    def insist(self, heard: Pronunciation) -> bool:
        """Return whether the customer stresses the repetition: 何回言わせるの."""
        return _holds(heard, self._insist)

    def go_on(self, heard: Pronunciation) -> bool:
        """Return whether it begins as what was demanded before: だから."""
        return _begins(heard, self._go_on)

    def again(self, heard: Pronunciation) -> bool:
        """Return whether it asks for what was demanded before without naming it: そこを何とか."""
        return _holds(heard, self._again)

    def anew(self, heard: Pronunciation) -> bool:
        """Return whether it begins as another demand: それなら."""
        return _begins(heard, self._anew)


_Sign = tuple[str, str]
"""As written, and its sound: an interjection is no word of an utterance, and has none."""


def _signs(phrases: Iterable[str]) -> tuple[_Sign, ...]:
    return tuple((each, "".join(word.sound for word in words(plain(each)))) for each in phrases)


def _holds(heard: Pronunciation, signs: Iterable[_Sign]) -> bool:
    return any(sound in heard.sound if sound else written in heard.text for written, sound in signs)


def _begins(heard: Pronunciation, signs: Iterable[_Sign]) -> bool:
    return any(
        sound in heard.sound[: _reach(sound)] if sound else written in heard.text[: _reach(written)]
        for written, sound in signs
    )


def _reach(sign: str) -> int:
    """Return where a sign must have ended: a short one, では, is another word anywhere but at the beginning."""
    return len(sign) + (BEGINNING if len(sign) >= LONG else 0)
