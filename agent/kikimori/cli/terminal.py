"""Output of a command for the person at the terminal, in that person's language."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori_core.command_line import columns
from kikimori_core.messages import in_language, language_of, text

if TYPE_CHECKING:
    from kikimori_core.messages import Language

SYSTEM_CONFIG = Path("/etc/kikimori/kikimori.toml")

_configured: list[Language] = []
"""`language` as the file of this command sets it; empty where it does not."""


def config_file(named: Path | None) -> Path | None:
    """Return the configuration file of a command: the named one, else the service's where there is one."""
    return named or (SYSTEM_CONFIG if SYSTEM_CONFIG.exists() else None)


def follow(path: Path | None) -> None:
    """Take the language from a configuration file, even from one that is wrong elsewhere: its faults are to be read."""
    _configured.clear()
    try:
        content = path.read_text("utf-8", errors="replace") if path is not None else ""
    except OSError:
        return
    before_tables = re.split(r"(?m)^\s*\[", content)[0]
    if found := re.search(r"""(?m)^\s*language\s*=\s*["'](ja|en)["']""", before_tables):
        _configured.append("ja" if found[1] == "ja" else "en")


def language() -> Language:
    """Return the language of this command's texts."""
    return language_of(_configured[0] if _configured else None)


def worded(words: str) -> str:
    """Return a text in this command's language."""
    return in_language(words, language())


def say(words: str) -> None:
    """Print to the person at the terminal; standard output stays for results."""
    print(worded(words), file=sys.stderr, flush=True)


def show(words: str) -> None:
    """Print a result."""
    print(worded(words))


def say_both(texts: tuple[str, str]) -> None:
    """Print a statement and the next step."""
    say(texts[0])
    say_next(texts[1])


def cell(words: str, width: int) -> str:
    """Return a text in this command's language, with spaces up to a width in columns of the terminal."""
    said = worded(words)
    return said + " " * (width - columns(said))


def say_next(next_step: str) -> None:
    """Print the next step of what was said, if there is one."""
    if next_step:
        say(f"  {worded(text('said_next', next_step=next_step))}")


def say_also(message: str) -> None:
    """Print what happened beside what was said."""
    say(f"  {worded(text('said_also', message=message))}")


def warn(message: str, next_step: str = "") -> None:
    """Print a warning."""
    say(text("said_warning", message=message))
    say_next(next_step)
