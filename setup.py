"""The packages of the wheel: every folder with an `__init__.py`, and two folders of data. The rest: pyproject.toml."""

import tempfile

from setuptools import Command, find_packages, setup
from setuptools.command.build import build

DATA = ("kikimori_config", "kikimori_models")


class EmptyBuild(build):
    """A build in a new folder: `build/` of an earlier version would bring files that were removed since."""

    def initialize_options(self) -> None:
        super().initialize_options()
        self._folder = tempfile.TemporaryDirectory(prefix="kikimori-build-")
        self.build_base = self._folder.name


COMMANDS: dict[str, type[Command]] = {"build": EmptyBuild}

setup(packages=[*find_packages("agent"), *find_packages("dashboard"), *DATA], cmdclass=COMMANDS)
