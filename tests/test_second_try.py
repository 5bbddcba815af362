"""A test of other processes that fails once is run again and named; one that fails twice fails the run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.second_try import has_second_try

ROOT = Path(__file__).parent.parent

# Each test fails the first time and finds its own file the second.
ONCE = """
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_fails_once(number):
    mark = Path(r"{folder}") / str(number)
    seen = mark.exists()
    mark.touch()
    assert seen, "the first time"
"""


def run(folder: Path, text: str, *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "tests.support.second_try", "-p", "no:cacheprovider"),
            *("-c", "/dev/null", "--rootdir", str(folder), str(folder), *more),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_fails_once_passes_and_is_named(tmp_path: Path, workers: str) -> None:
    ended = run(tmp_path, ONCE.format(folder=tmp_path, count=1), "--numprocesses", workers)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "NEEDED A SECOND TRY: test_it.py::test_fails_once[0]" in ended.stdout
    assert "the first time" in ended.stdout


def test_what_fails_twice_fails_the_run(tmp_path: Path) -> None:
    ended = run(tmp_path, "def test_always():\n    assert 1 == 2\n")
    assert ended.returncode == 1
    assert "1 failed" in ended.stdout


def test_a_run_with_many_second_tries_fails(tmp_path: Path) -> None:
    ended = run(tmp_path, ONCE.format(folder=tmp_path, count=6))
    assert ended.returncode == 1
    assert "6 tests needed a second try, at most 5 may" in ended.stdout


def test_pure_code_gets_no_second_try() -> None:
    assert not has_second_try(ROOT / "tests" / "judging" / "test_phrases.py")
    assert has_second_try(ROOT / "tests" / "dashboard" / "test_operator_page.py")
