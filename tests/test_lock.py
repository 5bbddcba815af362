"""The lock file names, with hashes, a version of everything that the program needs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
NEEDED = [
    Requirement(each)
    for each in [
        *PROJECT["dependencies"],
        *(each for part in ("agent", "dashboard") for each in PROJECT["optional-dependencies"][part]),
    ]
]
"""Libraries that `'.[all]'` asks for."""


def locked(file: str) -> dict[str, tuple[str, int]]:
    """Return version and number of hashes of each library in a lock file, by name."""
    return {
        canonicalize_name(name): (version, hashes.count("--hash=sha256:"))
        for name, version, hashes in re.findall(
            r"^([A-Za-z0-9._-]+)==([^ \n;]+)([^\n]*(?:\n    --hash=[^\n]+)+)",
            (ROOT / file).read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    }


LOCKED = locked("requirements.lock")
BUILDERS = [Requirement(each) for each in PYPROJECT["build-system"]["requires"]]


@pytest.mark.parametrize("needed", NEEDED, ids=lambda each: each.name)
def test_every_dependency_is_locked(needed: Requirement) -> None:
    version, hashes = LOCKED[canonicalize_name(needed.name)]
    assert needed.specifier.contains(version)
    assert hashes


@pytest.mark.parametrize("needed", BUILDERS, ids=lambda each: each.name)
def test_whatever_builds_the_program_is_locked(needed: Requirement) -> None:
    version, hashes = locked("requirements-build.lock")[canonicalize_name(needed.name)]
    assert needed.specifier.contains(version)
    assert hashes
