"""Training sentences as people write them: files of templates, one a line, under the name of their family.

`+` begins a sentence that must alarm as the file's category (`+threat` names another), `-` its harmless twin; `(a|b|)` stands for one of its
parts. Sentences of one template are alike, so a split never divides them.
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

    @property
    def sentences(self) -> int:
        """Number of sentences that it stands for."""
        number = 1
        for choice in _CHOICE.findall(self.text):
            number *= choice.count("|") + 1
        return number

    def write(self, rng: random.Random) -> str:
        """Return one of its sentences."""
        return _CHOICE.sub(lambda found: rng.choice(found.group(1).split("|")), self.text)

    def several(self, most: int, rng: random.Random) -> list[str]:
        """Return up to `most` different sentences, the same ones for the same state of `rng`."""
        wanted = min(most, self.sentences)
        found: dict[str, None] = {}
        for _ in range(wanted * 4):
            found[self.write(rng)] = None
            if len(found) == wanted:
                break
        return list(found)


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
            found.append(Template(f"{path.stem}/{family}/{len(found)}", label, sentence["text"]))
        else:
            raise KikimoriError(
                f"{path}:{number}: neither a family in brackets nor a sentence after + or -",
                next_step="see docs/second-opinion.md",
            )
    return found
