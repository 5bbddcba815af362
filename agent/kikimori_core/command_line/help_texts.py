"""Texts of `--help` by command and option, read when they are shown."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_core.messages.language import Language

FOLDER = Path(__file__).parent / "help"
SHARED = "shared"
"""Table of options that mean the same in several commands."""

FRAME = "frame"
"""Table of the words around the texts, as "usage: "."""

MISTAKES = "mistakes"
"""Table of what argparse says of a wrong command line; the English is the pattern by which it is known."""


@cache
def help_texts(language: Language) -> dict[str, dict[str, str]]:
    """Return all texts of a language, a table for each command as it is typed behind `kikimori`."""
    import tomllib  # noqa: PLC0415  (a command that runs needs none of this)

    return tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))


def text_of(command: str, name: str, language: Language) -> str:
    """Return a text of a command; empty where there is none.

    Args:
        command: As it is typed behind `kikimori`; the program's own name for the program itself.
        name: `summary`, `description`, `epilog`, an option as `--json`, or an argument's name.
        language: Of the text.
    """
    texts = help_texts(language)
    tables = [command]
    if name not in ("summary", "description", "epilog"):
        tables += [command.partition(" ")[0], SHARED]
    return next((texts[each][name] for each in tables if name in texts.get(each, {})), "")
