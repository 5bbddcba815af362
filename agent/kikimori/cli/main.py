"""The program `kikimori`: its commands, and how their errors are shown."""

from __future__ import annotations

import argparse
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
    from collections.abc import Sequence

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
        ours, rest = group.split(KikimoriError)
        if ours is None or rest is not None:
            raise
        return _failed(_first(ours))
    except PermissionError as error:
        return _failed(
            KikimoriError(
                f"{error.filename}: {error.strerror}", next_step="if it is the service's: with sudo"
            )
        )
    except KeyboardInterrupt:
        print("kikimori: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        sys.stderr.close()
        return 0
    return code


def _failed(error: KikimoriError) -> int:
    print(f"kikimori: {error.message}", file=sys.stderr)
    if error.next_step:
        print(f"  next: {error.next_step}", file=sys.stderr)
    return error.exit_code


def _first(group: BaseExceptionGroup[KikimoriError]) -> KikimoriError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
