"""Parser of command lines whose help and errors are shown in the language of the person at the terminal."""

from kikimori_core.command_line.layout import columns
from kikimori_core.command_line.parser import CommandParser

__all__ = ["CommandParser", "columns"]
