"""The program `kikimori`: its commands, and how their errors are shown."""

from __future__ import annotations

import argparse
import errno
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.cli import terminal
from kikimori.cli.commands import COMMANDS
from kikimori.errors import KikimoriError
from kikimori.parts import PartMissingError, part_of
from kikimori_core.command_line import CommandParser
from kikimori_core.command_line.parser import PROGRAM
from kikimori_core.messages import remedy, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class _ShowVersion(argparse.Action):
    """Print the program's version; it is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from kikimori.version import VERSION  # noqa: PLC0415  (loads structlog)

        print(f"kikimori {VERSION}")
        parser.exit()


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of the command line; with `only`, the options of that command alone are loaded."""
    made = CommandParser(prog=PROGRAM, language=terminal.language)
    made.add_argument("--version", action=_ShowVersion, nargs=0)
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for each in COMMANDS:
        if only is None or each.name == only:
            each.add_parser(commands)
        else:
            each.add_name(commands)
    return made


def read_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line, loading the module of the named command alone; ends the program where it is wrong."""
    named = next((each for each in argv if not each.startswith("-")), "")
    terminal.follow(terminal.config_file(_named_config(argv)))
    return parser(only=named).parse_args(argv)


def _named_config(argv: Sequence[str]) -> Path | None:
    """Return the configuration that a command line names: help and mistakes follow its language too."""
    for at, each in enumerate(argv):
        if each.startswith("--config="):
            return Path(each.removeprefix("--config="))
        if each == "--config" and argv[at + 1 :]:
            return Path(argv[at + 1])
    return None


def main(argv: Sequence[str], loaded: Callable[[], object] = lambda: None) -> int:
    """Read the command line, run its command and return the exit code.

    `loaded` is called in between, when the modules that the command's `loads` names are there: an interrupt must not
    reach a library that is being loaded, some print a traceback of their own then.
    """
    try:
        arguments = read_arguments(argv)
        for module in getattr(arguments, "loads", ()):
            import_module(module)
        loaded()
        return run(arguments)
    except PartMissingError as error:
        return _failed(error)
    except ModuleNotFoundError as error:
        # A command that does with one part may need the other for what it was asked.
        part = part_of(error.name or "")
        if part is None:
            raise
        return _failed(PartMissingError.of_parts(" ".join(argv[:1]), [part]))


def run(arguments: argparse.Namespace) -> int:
    """Run one command and return the exit code."""
    from kikimori_core.wire.files import show_warnings_plainly  # noqa: PLC0415  (loads pydantic)

    terminal.follow(terminal.config_file(arguments.config) if "config" in arguments else None)
    show_warnings_plainly(terminal.say)
    try:
        code: int = arguments.run(arguments)
    except KikimoriError as error:
        return _failed(error)
    except BaseExceptionGroup as group:
        expected, _ = group.split((KikimoriError, OSError))
        if expected is None:
            raise
        return _several_failed(list(_leaves(group)))
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        sys.stderr.close()
        return 0
    except OSError as error:
        return _failed(_explained(error))
    except KeyboardInterrupt:
        terminal.say(text("said_stopped"))
        return 130
    return code


def _failed(error: KikimoriError) -> int:
    terminal.say(f"kikimori: {terminal.worded(error.message)}")
    terminal.say_next(error.next_step)
    return error.exit_code


def _explained(error: OSError) -> KikimoriError:
    """Return the text for a refusal by the system."""
    reason = error.strerror or str(error)
    named = text("file_reason", file=error.filename, reason=reason) if error.filename else reason
    match error.errno:
        case errno.EACCES | errno.EPERM:
            step = remedy("as_service")
        case errno.ENOSPC | errno.EDQUOT:
            step = remedy("disk_full")
        case errno.EMFILE | errno.ENFILE:
            step = remedy("more_files")
        case _:
            return KikimoriError(named)
    return KikimoriError(named, next_step=step)


def _several_failed(faults: Sequence[BaseException]) -> int:
    """Show the fault that has a next step, and those that came with it."""
    expected: list[KikimoriError] = [
        _explained(each) if isinstance(each, OSError) else each
        for each in sorted(faults, key=lambda each: isinstance(each, OSError))
        if isinstance(each, KikimoriError | OSError)
    ]
    code = _failed(expected[0])
    for error in expected[1:]:
        terminal.say_also(error.message)
    for each in faults:
        if not isinstance(each, KikimoriError | OSError):
            terminal.say_also(f"{type(each).__name__}: {each}")
    return code


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each
