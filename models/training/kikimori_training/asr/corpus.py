"""Sentences from templates: reads `models/training/corpus/*.toml` and expands them at random, repeatably.

A template is plain Japanese with `{slot}` (an entry of a `[slots]` table, which may use slots itself, or an
inflected word, see inflect.py) and `(a|b|)` (one of the alternatives; an empty one leaves it out).
Parentheses may be nested.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori_training.asr.inflect import inflected_slots

if TYPE_CHECKING:
    import random
    from pathlib import Path


@dataclass(frozen=True)
class Group:
    category: str
    weight: float
    templates: tuple[str, ...]


@dataclass
class Corpus:
    slots: dict[str, list[str]] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> Corpus:
        corpus = cls()
        for path in sorted(folder.glob("*.toml")):
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            corpus.slots.update(data.get("slots", {}))
            corpus.slots.update(inflected_slots(data.get("inflected", {})))
            corpus.groups += [
                Group(g["category"], float(g["weight"]), tuple(g["templates"])) for g in data.get("group", [])
            ]
        return corpus

    def expand(self, template: str, rng: random.Random) -> str:
        """One random sentence of this template."""
        text, rest = _sequence(template, 0, rng, self.slots)
        if rest != len(template):
            raise ValueError(f"unbalanced parenthesis in template: {template}")
        return text.strip("、")

    def sentences(self, count: int, rng: random.Random) -> list[str]:
        """`count` sentences, groups by weight, templates of a group evenly; each template at least twice."""
        drawn = [self.expand(t, rng) for g in self.groups for t in g.templates for _ in range(2)]
        weights = [g.weight for g in self.groups]
        while len(drawn) < count:
            group = rng.choices(self.groups, weights)[0]
            drawn.append(self.expand(rng.choice(group.templates), rng))
        rng.shuffle(drawn)
        return [s for s in drawn if s]

    def fillers(self) -> list[str]:
        return self.slots["filler"]


def _sequence(text: str, at: int, rng: random.Random, slots: dict[str, list[str]]) -> tuple[str, int]:
    out: list[str] = []
    while at < len(text) and text[at] not in "|)":
        if text[at] == "(":
            choices: list[str] = []
            while text[at] != ")":
                choice, at = _sequence(text, at + 1, rng, slots)
                choices.append(choice)
                if at >= len(text):
                    raise ValueError(f"unbalanced parenthesis in template: {text}")
            out.append(rng.choice(choices))
            at += 1
        elif text[at] == "{":
            end = text.index("}", at)
            entry = rng.choice(slots[text[at + 1 : end]])
            out.append(_sequence(entry, 0, rng, slots)[0])
            at = end + 1
        else:
            out.append(text[at])
            at += 1
    return "".join(out), at
