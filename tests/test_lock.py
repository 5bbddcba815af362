"""The lock file names, with hashes, a version of everything that the program needs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NEEDED = [
    Requirement(each)
    for each in [
        *PROJECT["dependencies"],
        *(each for part in ("agent", "dashboard") for each in PROJECT["optional-dependencies"][part]),
    ]
]
"""Libraries that `'.[all]'` asks for."""
LOCKED = {
    canonicalize_name(name): (version, hashes.count("--hash=sha256:"))
    for name, version, hashes in re.findall(
        r"^([A-Za-z0-9._-]+)==([^ \n;]+)([^\n]*(?:\n    --hash=[^\n]+)+)",
        (ROOT / "requirements.lock").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
}


@pytest.mark.parametrize("needed", NEEDED, ids=lambda each: each.name)
def test_every_dependency_is_locked(needed: Requirement) -> None:
    version, hashes = LOCKED[canonicalize_name(needed.name)]
    assert needed.specifier.contains(version)
    assert hashes
