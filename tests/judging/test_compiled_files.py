"""Compiled phrases are kept from start to start, and never believed when they are old, damaged or somebody else's."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from kikimori_core.judging.by_sound import BySound
from kikimori_core.judging.compiled_files import CompiledFile, CompiledFiles
from kikimori_core.judging.phrases import PhraseBook
from kikimori_core.judging.words.sound import SoundFinder
from kikimori_core.model.evidence import Role, Utterance

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"category = ..."


def compiled(phrase: str) -> CompiledFile:
    category = BySound("insult", Role.CUSTOMER, ())
    category.add(phrase, "menace")
    return CompiledFile((category,), ("group[1].phrases[2]: left out",))


def finds(kept: CompiledFile, text: str) -> bool:
    book = PhraseBook(kept.categories, SoundFinder(()))
    return bool(book.find(Utterance(Role.CUSTOMER, "one", 0, 1, text, final=True)).matches)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    CompiledFiles(tmp_path / "cache" / "phrases").keep(CONTENT, compiled("殴る"))
    return tmp_path / "cache" / "phrases"


def test_the_next_start_finds_what_an_earlier_one_compiled(folder: Path) -> None:
    found = CompiledFiles(folder).get(CONTENT)
    assert found is not None
    assert finds(found, "ぶん殴るぞじゃない、殴ってやる")
    assert not finds(found, "蹴ってやる")
    assert found.skipped == ("group[1].phrases[2]: left out",)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_another_content_is_compiled_anew(folder: Path) -> None:
    assert CompiledFiles(folder).get(CONTENT + b" ") is None


def test_a_damaged_entry_is_compiled_anew(folder: Path) -> None:
    (entry,) = folder.iterdir()
    entry.write_bytes(entry.read_bytes()[:-40])
    assert CompiledFiles(folder).get(CONTENT) is None


def test_an_entry_that_calls_something_is_refused(folder: Path, tmp_path: Path) -> None:
    class Calls:
        def __reduce__(self) -> tuple[object, tuple[list[str]]]:
            return subprocess.call, ([sys.executable, "-c", f"open({str(tmp_path / 'called')!r}, 'w')"],)

    (entry,) = folder.iterdir()
    entry.write_bytes(pickle.dumps(Calls()))
    assert CompiledFiles(folder).get(CONTENT) is None
    assert not (tmp_path / "called").exists()


def test_a_folder_that_others_may_write_is_not_read(folder: Path) -> None:
    folder.chmod(0o777)
    assert CompiledFiles(folder).get(CONTENT) is None


def test_a_folder_that_cannot_be_made_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    files = CompiledFiles(tmp_path / "file" / "phrases")
    files.keep(CONTENT, compiled("殴る"))
    found = files.get(CONTENT)
    assert found is not None
    assert finds(found, "殴ってやる")
