"""`make install` as a newcomer sees it: one line, and everything that pip said where it fails; `make office` without a network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
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


# A make that runs these tests tells the ones below that they are its own, and they say where they are.
ALONE = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


def install(folder: Path, backend: str) -> tuple[int, str]:
    """Run `make install` with a build backend; return its exit status and everything it said."""
    (folder / "backend.py").write_text(backend, encoding="utf-8")
    ended = subprocess.run(
        ["make", f"PYTHON={sys.executable}", "install"],
        cwd=folder,
        env={**ALONE, "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return ended.returncode, ended.stdout + ended.stderr


def checkout(folder: Path) -> None:
    """Lay out in a folder what the Makefile's targets read."""
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    tools = folder / "tests" / "js"
    tools.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "tests" / "js" / name, tools)


def test_the_whole_reason_then_one_line(tmp_path: Path) -> None:
    """An installation that fails, and the same again when its cause is mended; the environment is made once."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    status, said = install(tmp_path, "raise OSError('no disk')\n")
    assert status != 0
    assert "setting up .venv … failed:" in said
    assert "OSError: no disk" in said
    assert not (tmp_path / ".venv" / "installed").exists()

    status, said = install(tmp_path, BACKEND)
    assert said == "setting up .venv … done\n"
    assert status == 0
    assert (tmp_path / ".venv" / "installed").exists()


def test_every_recipe_can_be_read_by_the_shell(tmp_path: Path) -> None:
    """A comma inside `$(call …)` once cut a quoted argument in two, and a fresh clone ended before its first test."""
    checkout(tmp_path)
    recipes = subprocess.run(
        ["make", "--dry-run", "test", "demo", "clean", "office", "NAME=a.example", "ADDRESS=192.0.2.1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    read = subprocess.run(["bash", "-n"], input=recipes, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
    assert ".[test,training]" in recipes
    assert "npm --prefix tests/js run --silent check" in recipes


@pytest.mark.parametrize("parts", ["all", "agent"])
def test_a_machine_without_a_network_gets_the_pinned_builder_from_a_folder(
    tmp_path: Path, parts: str
) -> None:
    """Of two builders there the one that is locked; with another content it is refused."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    project = PROJECT.replace("requires = []", 'requires = ["builder"]').replace(
        'backend-path = ["."]', "[project.optional-dependencies]\nall = []\nagent = []"
    )
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    locked = wheel_of(
        wheels, "builder", "1.0", {"backend.py": BACKEND.replace("build_editable", "build_wheel")}
    )
    wheel_of(wheels, "builder", "2.0", {"backend.py": "raise OSError('not the one that was tested')\n"})
    (tmp_path / "requirements.lock").write_text("", encoding="utf-8")

    def make(content: bytes) -> subprocess.CompletedProcess[str]:
        lock = f"builder==1.0 --hash=sha256:{hashlib.sha256(content).hexdigest()}\n"
        (tmp_path / "requirements-build.lock").write_text(lock, encoding="utf-8")
        given = [f"PYTHON={sys.executable}", f"OPT={tmp_path / 'opt'}", f"WHEELS={wheels}", f"PARTS={parts}"]
        return subprocess.run(
            ["make", "program", *given],
            cwd=tmp_path,
            env={**ALONE, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    refused = make(b"another")
    assert (refused.returncode != 0, "DO NOT MATCH THE HASHES" in refused.stderr) == (True, True)
    ended = make(locked.read_bytes())
    assert ended.returncode == 0, ended.stderr
    (packages,) = (tmp_path / "opt").glob("lib/python*/site-packages")
    names = {each.name for each in packages.glob("*.dist-info")}
    assert {"tiny-1.0.dist-info", "builder-1.0.dist-info"} <= names


def wheel_of(folder: Path, name: str, version: str, files: dict[str, str]) -> Path:
    """Write a wheel of pure Python; return its path."""
    path, about = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for each, text in files.items():
            wheel.writestr(each, text)
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    return path


@pytest.mark.parametrize(
    ("running", "said"),
    [
        ("none", ""),
        ("kikimori", "now: sudo systemctl restart kikimori\n"),
        ("kikimori-agent", "now: sudo systemctl restart kikimori-agent\n"),
    ],
)
def test_an_update_names_the_service_that_still_runs_the_version_before(
    tmp_path: Path, running: str, said: str
) -> None:
    """Its pages are the new ones at once, and what it has not loaded yet: it must not go on like that unnoticed."""
    checkout(tmp_path)
    stand_in = tmp_path / "commands" / "systemctl"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\n[ "$1 $3" = "is-active {running}" ]\n', encoding="utf-8")
    stand_in.chmod(0o755)
    recipe = subprocess.run(
        ["make", "--dry-run", "office", "NAME=a.example"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert recipe.index("systemctl daemon-reload") < recipe.index("systemctl is-active")
    ended = subprocess.run(
        ["make", "restarts"],
        cwd=tmp_path,
        env={**ALONE, "PATH": f"{stand_in.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == said


def test_without_node_one_line_tells_what_to_install(tmp_path: Path) -> None:
    """The checks of the pages' modules fail then; they are never left out in silence."""
    checkout(tmp_path)
    commands = tmp_path / "commands"
    commands.mkdir()
    for name in ("bash", "make"):
        (commands / name).symlink_to(str(shutil.which(name)))
    ended = subprocess.run(
        ["make", "tests/js/node_modules/installed"],
        cwd=tmp_path,
        env={**ALONE, "PATH": str(commands)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert ended.stderr.splitlines()[0] == (
        "The checks of the pages need Node. Run: sudo apt-get install nodejs npm"
    )
