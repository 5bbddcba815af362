"""One line for people about each piece of evidence, in every language: texts in `summaries.toml`."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_core.model.alert import Evidence

SPAN = {"ja": ("{minutes}分", "{seconds}秒"), "en": ("{minutes} min", "{seconds} s")}
LONGEST = 200
"""Characters of quoted words."""


_TEXTS: dict[str, dict[str, str]] = tomllib.loads(
    files(__package__).joinpath("summaries.toml").read_text(encoding="utf-8")
)
"""Texts, read at import: at the first alert it may be impossible to open a file."""


def with_summary(evidence: Evidence) -> Evidence:
    """Return the evidence with its summary filled, for pages that do not know its kind; a kind may bring its own."""
    if evidence.summary or evidence.kind not in _TEXTS:
        return evidence
    fields = evidence.model_dump(exclude={"kind", "summary"})
    made = {}
    for language, text in _TEXTS[evidence.kind].items():
        values = {key: str(value) for key, value in fields.items() if isinstance(value, int)}
        values |= {
            key.removesuffix("_s"): _span(value, language)
            for key, value in fields.items()
            if key.endswith("_s") and isinstance(value, float)
        }
        values["refused"] = str(len({each["demand_s"] for each in fields.get("refusals", ())}))
        values["text"] = str(fields.get("text", ""))[:LONGEST]
        values["words"] = "・".join(fields.get("words", ()))[:LONGEST]
        values["matched"] = str(fields.get("matched", ""))[:LONGEST]
        made[language] = text.format(**values)
    return evidence.model_copy(update={"summary": made})


def _span(seconds: float, language: str) -> str:
    """Return e.g. "31分" or "8 s"; minutes alone from ten on."""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    of_minutes, of_seconds = (each.format(minutes=minutes, seconds=rest) for each in SPAN[language])
    if not minutes:
        return of_seconds
    between = "" if language == "ja" else " "
    return f"{of_minutes}{between}{of_seconds}" if rest and minutes < 10 else of_minutes
