"""Training sentences as people write them: files of templates, one a line, under the name of their family.

`+` begins a sentence that must alarm as the file's category (`+threat` names another), `-` its harmless twin; `(a|b|)` stands for one of its
parts. Sentences of one template are alike, so a split never divides them; nor does it divide a family of a file in the folder
`spoken`, whose sentences were written together, harmful ones and their twins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori.errors import KikimoriError

if TYPE_CHECKING:
    import random
    from pathlib import Path

HARMLESS = "none"
SPOKEN = "spoken"
"""Folder of sentences as people say them, written family by family."""
_SENTENCE = re.compile(r"(?:\+(?P<category>[a-z][a-z_]*)?|-) +(?P<text>.+)")
_CHOICE = re.compile(r"\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Template:
    """One line of a file."""

    name: str
    """File, family and number: stays the same while the lines before it do."""
    label: str
    """Category, or `none`."""
    text: str
    together: bool = False
    """Its whole family is alike."""

    @property
    def origin(self) -> str:
        """Template or family that a split must not divide."""
        return self.name.rsplit("/", 1)[0] if self.together else self.name

    @property
    def sentences(self) -> int:
        """Number of sentences that it stands for."""
        number = 1
        for choice in _CHOICE.findall(self.text):
            number *= choice.count("|") + 1
        return number

    def several(self, most: int, rng: random.Random) -> list[str]:
        """Return some different sentences, the same ones for the same state of `rng`.

        Up to `most`, or as many as it takes for each part to come once.
        """
        choices: list[list[str]] = [found.split("|") for found in _CHOICE.findall(self.text)]
        wanted = min(self.sentences, max([most, *map(len, choices)]))
        dealt = [_dealt(parts, wanted, rng) for parts in choices]
        found: dict[str, None] = {}
        for number in range(wanted):
            parts = iter([each[number] for each in dealt])
            found[_CHOICE.sub(lambda _: next(parts), self.text)] = None  # noqa: B023  (used at once)
        return list(found)


def _dealt(parts: list[str], number: int, rng: random.Random) -> list[str]:
    """Return `number` parts in a random order, each as often as any other."""
    found: list[str] = []
    while len(found) < number:
        found += rng.sample(parts, len(parts))
    return found[:number]


def read_templates(path: Path) -> list[Template]:
    """Read a file whose name is the category. Raises KikimoriError with file and line."""
    family = ""
    found: list[Template] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = line.strip()  # noqa: PLW2901  (its own clean copy)
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            family = line[1:-1]
        elif (sentence := _SENTENCE.fullmatch(line)) and family:
            label = HARMLESS if line[0] == "-" else sentence["category"] or path.stem
            name = f"{path.parent.name}/{path.stem}/{family}/{len(found)}"
            found.append(Template(name, label, sentence["text"], path.parent.name == SPOKEN))
        else:
            raise KikimoriError.of("template_malformed", file=path, line=number)
    return found
