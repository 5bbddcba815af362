"""Wheels of the repository, and clean environments that hold one of them with the libraries that it asks for.

The libraries are those of the running environment, linked one by one: nothing is fetched, and what a wheel does not ask
for is not there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


def copy_sources(into: Path) -> None:
    """Copy the files of the checkout that git knows, as they are now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, into / name)


def build_wheel(source: Path, folder: Path) -> Path:
    """Build the wheel of a source folder; one of the same version in `folder` is replaced."""
    built = [*PIP, "wheel", "--no-deps", "--wheel-dir", str(folder), str(source)]
    subprocess.run(built, check=True, capture_output=True)
    (wheel,) = folder.glob("kikimori-*.whl")
    return wheel


class CleanEnvironment:
    """A virtual environment of its own, without the checkout."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        self.folder = folder
        self.python = folder / "bin" / "python"
        self.program = folder / "bin" / "kikimori"
        (self.packages,) = folder.glob("lib/python*/site-packages")

    def pip(self, *arguments: str) -> None:
        """Run pip on this environment; it raises where pip fails."""
        subprocess.run([*PIP, "--python", str(self.python), *arguments], check=True, capture_output=True)

    def install(self, wheel: Path, extras: Iterable[str] = ()) -> set[str]:
        """Install a wheel and link the libraries that it asks for with these extras; return their names."""
        self.pip("install", "--no-index", "--no-deps", "--force-reinstall", str(wheel))
        (own,) = (each for each in distributions(path=[str(self.packages)]) if each.name == "kikimori")
        libraries = list(needed(own, set(extras)))
        for each in libraries:
            self._link(each)
        return {canonicalize_name(each.name) for each in libraries}

    def names(self) -> set[str]:
        """Return the names of what is installed."""
        return {canonicalize_name(each.name) for each in distributions(path=[str(self.packages)])}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the installed program far from the checkout."""
        return subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def _link(self, library: Distribution) -> None:
        tops = {each.parts[0] for each in library.files or () if each.parts[0] not in ("..", "__pycache__")}
        for top in tops:
            if not (self.packages / top).exists():
                (self.packages / top).symlink_to(Path(str(library.locate_file(top))))


def needed(own: Distribution, extras: set[str]) -> Iterator[Distribution]:
    """Give the distributions that one needs with these extras, and those that they need."""
    seen: set[tuple[str, str]] = set()
    wanted = [(own, extra) for extra in ("", *extras)]
    while wanted:
        each, extra = wanted.pop()
        if (each.name, extra) in seen:
            continue
        seen.add((each.name, extra))
        for requirement in map(Requirement, each.requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                same = canonicalize_name(requirement.name) == canonicalize_name(own.name)
                found = own if same else distribution(requirement.name)
                wanted += [(found, more) for more in ("", *requirement.extras)]
                if not same:
                    yield found
