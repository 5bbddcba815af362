"""Every command line that a hint, a remedy or a document names is one that the program takes."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kikimori.cli.main import parser

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ("agent", "dashboard") for path in (ROOT / folder).rglob("*.py"))
CORE = ROOT / "agent" / "kikimori_core"
MESSAGES = sorted([*CORE.glob("messages/*.toml"), *CORE.glob("command_line/help/*.toml")])
PAGES = sorted((ROOT / "dashboard").rglob("*.js")) + sorted((ROOT / "dashboard").rglob("*.json"))
DOCUMENTS = sorted(
    path
    for pattern in (
        "*.md",
        "config/**/*.md",
        "config/**/*.toml",
        "config/**/*.conf",
        "models/**/*.md",
        "docs/**/*.md",
    )
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md"
)

PARSER = parser()

QUOTED = re.compile(r"`[^`\n]*?\bkikimori +([a-z][^`\n]*)`")
"""In backticks: the whole of it, as in documents and in hints with words around the command."""
BARE = re.compile(r"(?:^|[ :(])kikimori +([a-z](?:(?!  )[^`\n;,()])*)")
"""Without: to the end, or to a sign or gap that ends it."""


def texts(path: Path) -> Iterator[str]:
    """Give every text of a module that may be shown, with `X` for what is filled in; no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {
        id(body[0].value)
        for node in ast.walk(tree)
        if isinstance(body := getattr(node, "body", None), list) and body and isinstance(body[0], ast.Expr)
    }
    inner = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif (
            isinstance(node, ast.Constant) and id(node) not in silent | inner and isinstance(node.value, str)
        ):
            yield node.value


def worded(entry: object) -> Iterator[str]:
    """Give every text of a catalogue, with `X` for what is filled in."""
    if isinstance(entry, dict):
        for each in entry.values():
            yield from worded(each)
    elif isinstance(entry, str):
        yield re.sub(r"\{[^{}]*\}", "X", entry)


def commands(text: str) -> Iterator[str]:
    """Give what follows `kikimori` in a text."""
    yield from QUOTED.findall(text)
    yield from BARE.findall(re.sub(r"`[^`]*`", "`", text))


def named() -> Iterator[tuple[Path, str]]:
    for path in SOURCES:
        for text in texts(path):
            yield from ((path, command) for command in commands(text))
    for path in MESSAGES:
        for text in worded(tomllib.loads(path.read_text(encoding="utf-8"))):
            yield from ((path, command) for command in commands(text))
    for path in PAGES:
        yield from ((path, command) for command in commands(path.read_text(encoding="utf-8")))
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        yield from ((path, command) for command in QUOTED.findall(text))
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
            yield from (
                (path, line.partition("kikimori ")[2])
                for line in block.splitlines()
                if re.match(r"(sudo )?kikimori ", line)
            )


def taken(command: str, capsys: pytest.CaptureFixture[str]) -> bool:
    """Return whether the program takes it; a command group's name alone (`kikimori models`) counts too."""
    words = shlex.split(command.split(" | ", maxsplit=1)[0], comments=True)
    if words[-1] == "--help":
        words.pop()
    for arguments in (words, [*words, "--help"]):
        try:
            PARSER.parse_args(arguments)
        except SystemExit:
            if capsys.readouterr().out.startswith(f"usage: kikimori {' '.join(words)} "):
                return True
        else:
            return True
    return False


def test_commands_are_found() -> None:
    found = {command for _, command in named()}
    assert {"models fetch X", "config check --config FILE", "tap devices"} <= found


def test_every_command_that_is_named_exists(capsys: pytest.CaptureFixture[str]) -> None:
    faults = [
        f"{path.relative_to(ROOT)}: kikimori {command}"
        for path, command in named()
        if not taken(command, capsys)
    ]
    assert not faults, "\n".join(faults)
