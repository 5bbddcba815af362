"""Character error rate of what was heard against what was said.

Characters are compared after NFKC, without punctuation and spaces; `[unk]` is one wrong character. The second
figure compares OpenJTalk's readings, because the product matches on readings too: 「晒す」 for 「さらす」 is no error.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import pyopenjtalk


@dataclass
class Score:
    errors: int = 0
    characters: int = 0
    reading_errors: int = 0
    reading_characters: int = 0
    audio_s: float = 0.0
    cpu_s: float = 0.0

    def add(self, said: str, heard: str, audio_s: float = 0.0, cpu_s: float = 0.0) -> None:
        said, heard = plain(said), plain(heard)
        self.errors += distance(said, heard)
        self.characters += len(said)
        said, heard = reading(said), reading(heard)
        self.reading_errors += distance(said, heard)
        self.reading_characters += len(said)
        self.audio_s += audio_s
        self.cpu_s += cpu_s

    def figures(self) -> dict[str, float]:
        """Error rates as shares, the real-time factor as CPU seconds per second of audio where it was measured."""
        out: dict[str, float] = {
            "cer": round(self.errors / max(self.characters, 1), 4),
            "cer_readings": round(self.reading_errors / max(self.reading_characters, 1), 4),
            "characters": self.characters,
        }
        if self.audio_s:
            out["rtf"] = round(self.cpu_s / self.audio_s, 4)
        return out


def plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).replace("[unk]", "\ufffd")
    return "".join(c for c in text if unicodedata.category(c)[0] not in "PZ")


def reading(text: str) -> str:
    return plain(str(pyopenjtalk.g2p(text, kana=True))) if text else ""


def distance(a: str, b: str) -> int:
    """Levenshtein's."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return row[-1]
