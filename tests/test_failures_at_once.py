"""A failing test is printed while the run goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_a_failure_is_printed_before_the_next_test(tmp_path: Path) -> None:
    (tmp_path / "test_two.py").write_text(
        "def test_first():\n    assert 1 == 2\n\n\ndef test_second():\n    print('second ran')\n",
        encoding="utf-8",
    )
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-s",
            "-p",
            "tests.support.failures_at_once",
            "-c",
            "/dev/null",
            str(tmp_path),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "assert 1 == 2" in ended.stdout[: ended.stdout.index("second ran")]
