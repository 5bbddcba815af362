"""Descriptions begin with a verb (functions) or a noun (classes, fields), never with a relative clause."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ("agent", "dashboard", "models/training", "tests")
DESCRIPTION = re.compile(r'^[ \t]*r?"""[^\w\n]*(\w+)', re.MULTILINE)
CLAUSES = {"How", "That", "What", "When", "Where", "Whether", "Which", "Who", "Whom", "Whose", "Why"}


def test_no_description_begins_with_a_relative_clause() -> None:
    begun = [
        (f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}", match.group(1))
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for text in [path.read_text(encoding="utf-8")]
        for match in DESCRIPTION.finditer(text)
    ]
    assert len(begun) > 5000
    assert [each for each in begun if each[1] in CLAUSES] == []
