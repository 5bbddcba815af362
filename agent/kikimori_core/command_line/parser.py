"""Parser of one command line or command, with texts by its name and those of its options."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from kikimori_core.command_line.help_texts import FRAME, help_texts, text_of
from kikimori_core.command_line.layout import HelpLayout
from kikimori_core.command_line.mistakes import worded
from kikimori_core.messages import in_language, language_of
from kikimori_core.messages.text import CodedText

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.messages import Language

    SubCommands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  (as below)
else:
    SubCommands = argparse._SubParsersAction  # noqa: SLF001  (argparse gives it no public name)

PROGRAM = "kikimori"


class CommandActions(SubCommands):
    """Commands below a command; each is listed with its summary."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser:
        # Without any help argparse would not list it.
        return super().add_parser(name, **{"help": "", **options})


class CommandParser(argparse.ArgumentParser):
    """Parser that takes what it says of itself from the help texts, when it is asked for them."""

    def __init__(self, *, language: Callable[[], Language] = language_of, **options: Any) -> None:
        """`language`: asked whenever something is to be shown; `options`: as for argparse."""
        super().__init__(**{"formatter_class": HelpLayout, **options})
        self._language = language
        self.register("action", "parsers", CommandActions)

    @property
    def command(self) -> str:
        """Words of a command behind the program's name; for the program itself its name."""
        return self.prog.removeprefix(f"{PROGRAM} ")

    def add_subparsers(self, **options: Any) -> argparse._SubParsersAction[argparse.ArgumentParser]:  # type: ignore[override]  # its overloads are about other parsers
        return super().add_subparsers(
            **{"parser_class": partial(type(self), language=self._language), **options}
        )

    def format_help(self) -> str:
        self._fill_in()
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Print what is wrong, and end the program with code 2."""
        language = self._language()
        said = in_language(message, language) if isinstance(message, CodedText) else worded(message, language)
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {help_texts(language)[FRAME]['error']}{said}\n")

    def _get_formatter(self) -> argparse.HelpFormatter:
        made = super()._get_formatter()
        if isinstance(made, HelpLayout):
            made.usage_prefix = lambda: help_texts(self._language())[FRAME]["usage"]
        return made

    def _fill_in(self) -> None:
        """Look the texts up that nobody has given."""
        language = self._language()
        frame = help_texts(language)[FRAME]
        self._positionals.title, self._optionals.title = frame["arguments"], frame["options"]
        self.epilog = self.epilog or text_of(self.command, "epilog", language) or None
        self.description = (
            self.description
            or text_of(self.command, "description", language)
            or text_of(self.command, "summary", language)
            or None
        )
        for action in self._actions:
            if isinstance(action, argparse._HelpAction):  # noqa: SLF001  (argparse gives it no public name)
                action.help = frame["help"]
            elif isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
                for each in action._choices_actions:  # noqa: SLF001
                    each.help = each.help or text_of(self._below(each.dest), "summary", language)
            else:
                name = action.option_strings[-1] if action.option_strings else action.dest
                action.help = action.help or text_of(self.command, name, language) or None

    def _below(self, name: str) -> str:
        return name if self.command == PROGRAM else f"{self.command} {name}"
