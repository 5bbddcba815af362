"""Documents lead somewhere: every relative link exists, and what an office needs is there in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    path
    for folder in (ROOT, ROOT / "config", ROOT / "docs", ROOT / "models")
    for path in (folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))
)
FOR_OFFICES = {"measuring-words.md"}
"""Beside what is done at the PBX."""
LINK = re.compile(r"\]\(([^)#\s]+)")
CODE = re.compile(r"`+[^`]*`+")
"""Not read: `[general](+)` of Asterisk's files is no link."""


def test_documents_were_found() -> None:
    assert ROOT / "config" / "pbx" / "README.md" in DOCUMENTS


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_something(path: Path) -> None:
    broken = [
        link
        for link in LINK.findall(CODE.sub("", path.read_text(encoding="utf-8")))
        if "://" not in link and not (path.parent / link).exists()
    ]
    assert broken == []


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in DOCUMENTS
        if ("pbx" in path.parts or path.name in FOR_OFFICES) and not path.name.endswith(".ja.md")
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_what_an_office_does_is_written_in_both_languages(path: Path) -> None:
    assert path.with_name(path.name.replace(".md", ".ja.md")).exists()


def test_units_that_run_beside_each_other_have_no_state_folder_in_common() -> None:
    """Each has a user of its own (DynamicUser), and who starts last would take the folder from the other."""
    agent, pages = (
        (ROOT / "systemd" / f"kikimori-{name}.service").read_text(encoding="utf-8")
        for name in ("agent", "dashboard")
    )
    assert "StateDirectory=kikimori" in agent
    assert "StateDirectory=" not in pages


def test_a_password_that_is_not_there_does_not_stop_a_unit() -> None:
    """Systemd refuses to start where a file to hand over is missing and has no default, and takes no empty default."""
    for unit in (ROOT / "systemd").glob("*.service"):
        lines = unit.read_text(encoding="utf-8").splitlines()
        names = {
            line.removeprefix("LoadCredential=").partition(":")[0]
            for line in lines
            if line.startswith("LoadC")
        }
        assert names
        for name in names:
            assert f"SetCredential={name}:\\n" in lines, unit.name
