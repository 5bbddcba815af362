"""Order of the pages that IT works through: steps first, reports of tests last."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parent.parent / "config" / "pbx" / "asterisk"


@pytest.mark.parametrize(
    ("page", "reports"),
    [
        ("README.md", "Run and seen"),
        ("README.ja.md", "動かして確かめたこと"),
        ("control.md", "Run and seen"),
        ("control.ja.md", "動かして確かめたこと"),
        ("tls.md", "Run and seen"),
        ("tls.ja.md", "動かして確かめたこと"),
        ("websocket.md", "Run and seen"),
        ("websocket.ja.md", "動かして確かめたこと"),
    ],
)
def test_reports_of_tests_stand_at_the_end(page: str, reports: str) -> None:
    *before, last = re.split(r"(?m)^## ", (PAGES / page).read_text(encoding="utf-8"))
    assert last.startswith(f"{reports}\n")
    assert [each for each in before if reports in each] == []


@pytest.mark.parametrize("page", ["README.md", "README.ja.md"])
def test_the_five_steps_come_before_everything_else_to_read(page: str) -> None:
    text = (PAGES / page).read_text(encoding="utf-8")
    numbers = re.findall(r"(?m)^(\d)\. ", text)
    assert numbers[:5] == ["1", "2", "3", "4", "5"]
    first, fifth = text.index("\n1. "), text.index("\n5. ")
    assert text.count("\n## ", 0, first) == 1
    assert text.count("\n#", first, fifth) == 0
