"""Commands on a store of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from kikimori.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run_kikimori(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on an empty store; returns exit code, output and what was said beside it."""
    config = tmp_path / "kikimori.toml"
    config.write_text(f'[store]\ndir = "{tmp_path / "store"}"\n', encoding="utf-8")

    def run(*words: str) -> tuple[int, str, str]:
        code = main([*words, "--config", str(config)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
