"""`make install` as a newcomer sees it: one line, and everything that pip said where it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

BACKEND = '''
"""A build backend that needs nothing from the network."""

import zipfile


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{wheel_directory}/{name}", "w") as wheel:
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    return name
'''

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "tiny"
version = "1.0"
"""


@pytest.mark.parametrize("broken", [False, True])
def test_one_line_or_the_whole_reason(tmp_path: Path, broken: bool) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "backend.py").write_text(
        BACKEND if not broken else "raise OSError('no disk')\n", encoding="utf-8"
    )
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    ended = subprocess.run(
        ["make", f"PYTHON={sys.executable}", "install"],
        cwd=tmp_path,
        env={**os.environ, "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    said = ended.stdout + ended.stderr
    assert (ended.returncode == 0) is not broken, said
    if broken:
        assert "setting up .venv … failed:" in said
        assert "OSError: no disk" in said
    else:
        assert said == "setting up .venv … done\n"
        assert (tmp_path / ".venv" / "installed").exists()
