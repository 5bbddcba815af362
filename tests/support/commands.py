"""Commands that are run in the process of the test: a new one takes seconds to load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.program import ProgramResult

from kikimori.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def run_here(capsys: pytest.CaptureFixture[str], config: Path, *arguments: str | Path) -> ProgramResult:
    """Run a command with a configuration file; the result has what was said since it began."""
    capsys.readouterr()
    code = main([*map(str, arguments), "--config", str(config)])
    said = capsys.readouterr()
    return ProgramResult(code, said.out, said.err)
