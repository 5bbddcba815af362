"""The wheel that is built from the repository works without it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the committed files and install it beside the libraries of this environment.

    The libraries come by a path file, which does not run their own path files: the editable installation of the
    checkout is not seen.
    """
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    built = [*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(source)]
    subprocess.run(built, check=True, capture_output=True)
    shutil.rmtree(source)
    (wheel,) = folder.glob("kikimori-*.whl")
    clean = folder / "clean"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(clean)], check=True)
    python = clean / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", str(wheel)], check=True)
    (packages,) = clean.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return clean / "bin" / "kikimori"


def run(program: Path, *arguments: str) -> str:
    """Run the installed program far from the checkout; return what it printed."""
    ended = subprocess.run(
        [program, *arguments], cwd=program.parent, capture_output=True, text=True, check=False, timeout=600
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_files_beside_the_code_are_in_the_wheel(program: Path) -> None:
    """Rules, phrases, sentences, pages and models: all that is read by name."""
    assert run(program, "--version").startswith("kikimori ")
    assert "rules" in run(program, "config", "check", "--rules")
    assert "ja-synth" in {each["name"] for each in json.loads(run(program, "models", "list", "--json"))}


def test_the_wheel_hears_the_sample_calls(program: Path) -> None:
    """A sample call goes through hearing, recognition and judging."""
    (packages,) = program.parent.parent.glob("lib/python*/site-packages")
    call = packages / "kikimori_lab" / "demo" / "calls"
    found = run(program, "analyze", "--json", str(call / "shouting.flac"))
    assert "shouting" in found
