"""The packages of the wheel: every folder with an `__init__.py`, and two folders of data. The rest: pyproject.toml."""

from setuptools import find_packages, setup

DATA = ("kikimori_config", "kikimori_models")

setup(packages=[*find_packages("agent"), *find_packages("dashboard"), *DATA])
