"""Parts that are installed alone, and environments of the release before that are upgraded."""

from __future__ import annotations

import asyncio
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING

import aiohttp
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.support.installation import ROOT, CleanEnvironment, build_wheel
from tests.support.ports import free_port

from kikimori import parts

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(each).name) for each in requirements}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> CleanEnvironment:
    """The wheel as `pip install '.[dashboard]'` installs it."""
    made = CleanEnvironment(tmp_path_factory.mktemp("dashboard") / "clean")
    made.install(wheel, ["dashboard"])
    return made


def test_the_dashboard_alone_is_without_recognition_and_judging(pages: CleanEnvironment) -> None:
    assert {"aiohttp", "aiomqtt", "pydantic"} <= pages.names()
    assert pages.names().isdisjoint({"vosk", "sudachipy", "sudachidict-small", "amqtt"})


async def test_the_dashboard_alone_shows_its_page(pages: CleanEnvironment, tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "kikimori.toml"
    config.write_text(f'[dashboard]\nport = {port}\nstate_dir = "state"\n', encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        pages.program, "dashboard", "--config", config, cwd=tmp_path, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(120):
            said = b""
            while b"dashboard  http" not in said:
                line = await process.stderr.readline()
                assert line, said.decode()
                said += line
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}/") as answer,
            ):
                assert answer.status == 200
                assert "<html" in await answer.text()
    finally:
        process.terminate()
        await process.communicate()


def test_the_dashboard_alone_checks_its_configuration(pages: CleanEnvironment, tmp_path: Path) -> None:
    config = tmp_path / "kikimori.toml"
    config.write_text("[dashboard]\nport = 0\n", encoding="utf-8")
    good = pages.run("config", "check", "--config", str(config))
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "fit for use"), good.stderr
    config.write_text('[mqtt]\nusername = "pages"\npassword_file = "gone"\n', encoding="utf-8")
    bad = pages.run("config", "check", "--config", str(config))
    assert bad.returncode == 2
    assert "[mqtt] password_file" in bad.stderr


@pytest.mark.parametrize(
    "command", [("--help",), ("--version",), ("keys", "show", "--dashboard"), ("models", "list")]
)
def test_the_dashboard_alone_has_the_other_commands(
    pages: CleanEnvironment, command: tuple[str, ...]
) -> None:
    ended = pages.run(*command)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("command", ["agent", "up", "doctor", "analyze", "bench", "tap"])
def test_a_command_whose_part_is_missing_says_how_to_install_it(
    pages: CleanEnvironment, command: str
) -> None:
    ended = pages.run(command)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    missing, remedy = ended.stderr.splitlines()
    assert f"`kikimori {command}`" in missing
    assert f"{pages.python} -m pip install" in remedy
    assert remedy.endswith("[agent]'")


def test_the_agent_alone_examines_its_machine(wheel: Path, tmp_path: Path) -> None:
    alone = CleanEnvironment(tmp_path / "agent")
    alone.install(wheel, ["agent"])
    assert alone.names().isdisjoint({"alembic", "pyotp", "segno"})
    config = tmp_path / "kikimori.toml"
    config.write_text('state_dir = "state"\n', encoding="utf-8")
    checked = alone.run("config", "check", "--config", str(config))
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "fit for use"), checked.stderr
    examined = alone.run("doctor", "--config", str(config))
    assert "No module named" not in examined.stdout + examined.stderr
    assert "pbx control" in examined.stdout
    pages = alone.run("dashboard", "--config", str(config))
    assert pages.returncode == 2
    assert pages.stderr.rstrip().endswith("[dashboard]'")


def test_each_part_is_known_by_the_modules_of_its_extra() -> None:
    """Modules by distribution, as installed in this environment; data packages have no module to ask for."""
    of_module = {
        module: {canonicalize_name(each) for each in found}
        for module, found in packages_distributions().items()
    }
    for part, modules in parts.MODULES.items():
        of_part = {next(iter(of_module[module])) for module in modules}
        assert of_part == names(PROJECT["optional-dependencies"][part])


def test_all_is_every_part() -> None:
    (everything,) = map(Requirement, PROJECT["optional-dependencies"]["all"])
    assert everything.extras == set(parts.MODULES)


@pytest.fixture
def wheel_before_extras(tmp_path: Path) -> Path:
    """The wheel of the last commit at which a plain installation was everything, without its voices and models."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout

    added = git("log", "--diff-filter=A", "--format=%H", "--", "agent/kikimori/parts.py").split()
    if not added or not (before := git("rev-parse", "--verify", "--quiet", f"{added[-1]}^").strip()):
        pytest.skip("the history of this checkout does not reach back to it")
    source = tmp_path / "before" / "source"
    source.mkdir(parents=True)
    heavy = [f"--exclude={each}" for each in ("*.flac", "ja-synth", "tests", "screenshots")]
    archive = subprocess.run(["git", "archive", before], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", *heavy], cwd=source, input=archive.stdout, check=True)
    return build_wheel(source, source.parent)


def test_an_environment_made_before_loses_nothing(
    tmp_path: Path, wheel: Path, wheel_before_extras: Path
) -> None:
    """It was installed plainly. Upgraded plainly it still has every library, and `'.[all]'` asks for each of them."""
    office = CleanEnvironment(tmp_path / "office")
    asked_before = office.install(wheel_before_extras)
    before = office.names()
    assert {"vosk", "sudachipy", "amqtt"} <= asked_before
    office.install(wheel)
    assert before <= office.names()
    assert not (office.packages / "kikimori" / "judging" / "judge.py").exists()
    hearing = office.run("agent", "--help")
    assert hearing.returncode == 0, hearing.stderr
    assert asked_before <= office.install(wheel, ["all"])
    for command in (("up", "--help"), ("config", "check", "--rules")):
        ended = office.run(*command)
        assert ended.returncode == 0, ended.stderr
