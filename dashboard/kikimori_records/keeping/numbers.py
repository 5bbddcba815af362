"""Callers' numbers: one spelling for each, and what is shown where numbers are masked."""

from __future__ import annotations

import unicodedata

COUNTRY = "+81"
"""Country whose numbers are dialled with a leading 0 from inside."""
SHOWN = 4
"""Digits at the end that a masked number keeps."""
MASK = "*"


def plain(number: str) -> str:
    """Return one spelling of a number: digits alone, of Japan's with the leading 0; a name of a SIP address in small letters.

    Empty for what is no number and no name, e.g. blanks.
    """
    said = unicodedata.normalize("NFKC", number).strip().removeprefix("sip:").partition("@")[0]
    kept = "".join(each for each in said if each.isdigit() or each == "+")
    if any(each.isalpha() for each in said):
        return "".join(each for each in said.casefold() if each.isalnum() or each in "._-")
    if kept.startswith(COUNTRY):
        return "0" + kept.removeprefix(COUNTRY).lstrip("0")
    return kept.replace("+", "")


def masked(number: str) -> str:
    """Return a number with its last four digits alone; a short one, or a name, with none."""
    said = plain(number)
    shown = SHOWN if said.isdigit() and len(said) > 2 * SHOWN else 0
    return MASK * (len(said) - shown) + said[len(said) - shown :]
