"""Order and length of the pages that IT works through: steps first, reports of tests last."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.readme import BLOCK, CodeBlock, blocks, minutes, section

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


ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    str(each.relative_to(ROOT))
    for pattern in ("*.md", "docs/**/*.md", "config/**/*.md", "dashboard/**/*.md", "models/*/README*.md")
    for each in ROOT.glob(pattern)
)
CODE = re.compile(r"(?ms)^ *```.*?^ *```$|`[^`\n]*`")
SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
GROUPS = (5, 4, 7, 4, 4, 8, 6, 4, 2, 7, 7, 3, 4, 3, 4, 5, 3)
"""Number of requirement groups in each chapter of ASVS 5.0, V1 to V17."""


def test_every_group_of_the_standard_is_answered() -> None:
    expected = [f"V{at}.{group}" for at, count in enumerate(GROUPS, 1) for group in range(1, count + 1)]
    rows = re.findall(r"(?m)^\| (V\d+\.\d+) \| (met|part|n/a) \|", SECURITY)
    assert [group for group, _ in rows] == expected
    # A number that is open stands in the list at the end, and no other.
    partly = [line for line in SECURITY.splitlines() if re.match(r"\| V[\d.]+ \| part \|", line)]
    opened = [re.search(r"\b\d+\.\d+\.\d+\b", line) for line in partly]
    listed = re.findall(r"(?m)^\| (\d+\.\d+\.\d+) \|", SECURITY)
    assert [each[0] for each in opened if each] == listed
    assert len(opened) == len(listed)


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(tests/[\w/.]+\.py)(?:::(\w+))?`", SECURITY))
    assert len(named) > 50
    missing = [
        f"{file}::{test}"
        for file, test in sorted(named)
        if not (ROOT / file).is_file()
        or (test and not re.search(rf"(?m)^(?:async )?def {test}\(", (ROOT / file).read_text("utf-8")))
    ]
    assert missing == []


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", each).strip().lower().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", DOCUMENTS)
def test_links_lead_somewhere(page: str) -> None:
    here = ROOT / page
    wrong = []
    for link in re.findall(r"\]\(([^)]+)\)", CODE.sub("", here.read_text(encoding="utf-8"))):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        there = here if not path else here.parent / path
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            wrong.append(link)
    assert wrong == []


def test_an_office_is_read_and_typed_in_a_quarter_of_an_hour() -> None:
    """One machine, Asterisk by ARI, the supervisor's PC: as `tests/system/test_office_walk.py` goes through it.

    Counted: 200 words a minute, and half a minute for each command, for each file to edit and for each step on the PC.
    """
    way = section("config/pbx/asterisk/README.md", "Way A: ARI")
    steps, elsewhere = way[: way.index("If the agent runs on")], way[way.index("If the agent runs on") :]
    elsewhere = elsewhere[: elsewhere.index("Modules:")]
    desk = section("README.md", "The supervisor's PC")
    texts = [
        section("README.md", "One machine"),
        section("config/pbx/README.md", "Choose"),
        steps,
        elsewhere,
        desk,
    ]
    pages = [("README.md", "One machine"), ("config/pbx/asterisk/README.md", "Way A: ARI")]
    typed = 0
    for block in (each for page in pages for each in blocks(*page)):
        typed += sum(line.count("&&") + 1 for line in block.commands()) if block.language == "sh" else 1
    typed += len(re.findall(r"`(?:asterisk -rx|ari show|sudo )[^`]*`", steps))
    typed += len(re.findall(r"^\d\. ", desk, re.MULTILINE)) + desk.count("`certutil")
    assert typed >= 20
    assert minutes(texts, typed) <= 15


def test_both_languages_name_the_same_commands() -> None:
    """The tables of commands, whatever the order."""
    tables = [
        {
            command
            for row in re.findall(r"(?m)^\| `kikimori .*$", (ROOT / page).read_text(encoding="utf-8"))
            for command in re.findall(r"`([^`]+)`", row.split("|")[1])
        }
        for page in ("README.md", "README.ja.md")
    ]
    assert tables[0] == tables[1]
    assert "kikimori doctor" in tables[0]


@pytest.mark.parametrize(
    "page",
    [
        each
        for each in DOCUMENTS
        if each.endswith(".ja.md") and (ROOT / each.replace(".ja.md", ".md")).exists()
    ],
)
def test_both_languages_have_the_same_commands_to_type(page: str) -> None:
    """Blocks of shell commands, without their remarks."""
    english, japanese = (
        [
            line
            for found in BLOCK.finditer((ROOT / each).read_text(encoding="utf-8"))
            if (block := CodeBlock(found[2], found[3])).language == "sh"
            for line in (" ".join(command.split()) for command in block.commands())
        ]
        for each in (page.replace(".ja.md", ".md"), page)
    )
    assert english == japanese
