"""Inflected forms of Japanese verbs and adjectives, as slots for the templates.

The corpus lists dictionary forms with their class once (general.toml); this gives the slots `{v_dic}`, `{v_te}`,
`{v_ta}`, `{v_nai}`, `{v_masu}` (stem), `{v_imp}`, `{v_ba}`, `{v_you}`, `{a_i}`, `{a_ku}`, `{a_katta}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# By the last kana of the dictionary form: nai-, masu-stem, e-, volitional kana, and the te/ta endings.
_GODAN = {
    "く": ("か", "き", "け", "こう", "いて", "いた"), "ぐ": ("が", "ぎ", "げ", "ごう", "いで", "いだ"),
    "す": ("さ", "し", "せ", "そう", "して", "した"), "つ": ("た", "ち", "て", "とう", "って", "った"),
    "ぬ": ("な", "に", "ね", "のう", "んで", "んだ"), "ぶ": ("ば", "び", "べ", "ぼう", "んで", "んだ"),
    "む": ("ま", "み", "め", "もう", "んで", "んだ"), "る": ("ら", "り", "れ", "ろう", "って", "った"),
    "う": ("わ", "い", "え", "おう", "って", "った"),
}  # fmt: skip
_TE_EXCEPTIONS = {"行く": ("行って", "行った")}


def godan(verb: str) -> dict[str, str]:
    stem = verb[:-1]
    a, i, e, o, te, ta = _GODAN[verb[-1]]
    te_form, ta_form = _TE_EXCEPTIONS.get(verb, (stem + te, stem + ta))
    return {
        "v_dic": verb, "v_nai": stem + a + "ない", "v_masu": stem + i, "v_imp": stem + e, "v_ba": stem + e + "ば",
        "v_you": stem + o, "v_te": te_form, "v_ta": ta_form,
    }  # fmt: skip


def ichidan(verb: str) -> dict[str, str]:
    stem = verb[:-1]
    return {
        "v_dic": verb, "v_nai": stem + "ない", "v_masu": stem, "v_imp": stem + "ろ", "v_ba": stem + "れば",
        "v_you": stem + "よう", "v_te": stem + "て", "v_ta": stem + "た",
    }  # fmt: skip


def suru(noun: str) -> dict[str, str]:
    return {
        "v_dic": noun + "する", "v_nai": noun + "しない", "v_masu": noun + "し", "v_imp": noun + "しろ",
        "v_ba": noun + "すれば", "v_you": noun + "しよう", "v_te": noun + "して", "v_ta": noun + "した",
    }  # fmt: skip


def adjective(word: str) -> dict[str, str]:
    stem = word[:-1]
    return {"a_i": word, "a_ku": stem + "く", "a_katta": stem + "かった"}


def inflected_slots(lists: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Slots from the word lists `godan`, `ichidan`, `suru`, `adjective` of the corpus."""
    slots: dict[str, list[str]] = {}
    makers = {"godan": godan, "ichidan": ichidan, "suru": suru, "adjective": adjective}
    for kind, words in lists.items():
        for word in words:
            for name, form in makers[kind](word).items():
                slots.setdefault(name, []).append(form)
    return slots
