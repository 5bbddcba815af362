"""The program `kikimori`: its commands, and how their errors are shown."""

from __future__ import annotations

import argparse
import errno
import sys
from typing import TYPE_CHECKING

from kikimori.cli import (
    agent,
    analyze,
    bench,
    config,
    dashboard,
    demo,
    doctor,
    evaluate,
    evaluate_effort,
    evaluate_words,
    models,
    tap,
    up,
)
from kikimori.errors import KikimoriError
from kikimori.version import VERSION
from kikimori_wire.files import show_warnings_plainly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DESCRIPTION = """\
Listens beside an office PBX and brings a superior into a call before the employee is worn down by harassment.
電話応対の従業員をカスタマーハラスメントから守ります。"""

EPILOG = """\
exit codes: 0 = done; 1 = it failed, the message says why and what to do next; 2 = wrong arguments or configuration.

Begin with `kikimori demo`. For an office: write kikimori.toml, `kikimori config check`, then `kikimori up`."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="kikimori",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"kikimori {VERSION}")
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for each in (
        demo,
        up,
        agent,
        dashboard,
        analyze,
        evaluate,
        evaluate_effort,
        evaluate_words,
        bench,
        config,
        doctor,
        tap,
        models,
    ):
        each.add_parser(commands)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    arguments = parser().parse_args(argv)
    show_warnings_plainly()
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
        print("kikimori: stopped", file=sys.stderr)
        return 130
    return code


def _failed(error: KikimoriError) -> int:
    print(f"kikimori: {error.message}", file=sys.stderr)
    if error.next_step:
        print(f"  next: {error.next_step}", file=sys.stderr)
    return error.exit_code


def _explained(error: OSError) -> KikimoriError:
    """Put what the system refused into words."""
    named = f"{error.filename}: " if error.filename else ""
    match error.errno:
        case errno.EACCES | errno.EPERM:
            step = "if it is the service's: with sudo"
        case errno.ENOSPC | errno.EDQUOT:
            step = "make room on the disk"
        case errno.EMFILE | errno.ENFILE:
            step = "allow more open files (ulimit -n, LimitNOFILE= in the unit)"
        case _:
            step = ""
    return KikimoriError(f"{named}{error.strerror or error}", next_step=step)


def _several_failed(faults: Sequence[BaseException]) -> int:
    """Show the fault that has a next step, and what failed with it."""
    expected: list[KikimoriError] = [
        _explained(each) if isinstance(each, OSError) else each
        for each in sorted(faults, key=lambda each: isinstance(each, OSError))
        if isinstance(each, KikimoriError | OSError)
    ]
    code = _failed(expected[0])
    for error in expected[1:]:
        print(f"  also: {error.message}", file=sys.stderr)
    for each in faults:
        if not isinstance(each, KikimoriError | OSError):
            print(f"  also: {type(each).__name__}: {each}", file=sys.stderr)
    return code


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each
