"""No English sentence for people stands in the program: each is a text with a code, or a label with its Japanese."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

from tests.messages.test_catalogues import IN_JAPANESE, ROOT, nodes

from kikimori_core.messages.text import LABELS, _read

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN_BY = {
    *("print", "say", "show", "warn", "say_next", "say_also", "say_both", "cell", "worded"),
    *("add_task", "add_column", "add_row", "Table", "error", "getpass", "input", "next_step"),
    *("Text", "append", "status"),
}
"""Functions whose arguments a person reads."""

BEYOND = {"EslAwayError", "EslError", "SoundError", "NotFoundError", "StreamError", "AmiProtocolError"}
"""Errors whose text becomes the reason in a text of ours."""

FOR_PROGRAMS = {
    "agent/kikimori_core/wire/messages.py",
    "agent/kikimori/modelstore/catalogue.py",
    "dashboard/kikimori_dashboard/composition/routes.py",
}
"""Validators of what programs send, and of a file that comes along: nobody reads them at an office."""

COMMAND = re.compile(r"^(?:sudo |on the server: )?(?:kikimori|pip|openssl) |^[\w -]+$(?<=--help)")
ENGLISH = re.compile(r"[A-Za-z]{2,}[ ,;:]+[a-z]{2,}")


@cache
def shown_errors() -> frozenset[str]:
    """Return the names of errors that are shown: KikimoriError and all below it, and those beyond."""
    bases = {
        node.name: {getattr(each, "id", getattr(each, "attr", "")) for each in node.bases}
        for _, node in nodes()
        if isinstance(node, ast.ClassDef)
    }
    found = {"KikimoriError", *BEYOND}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return frozenset(found)


def sentences(node: ast.AST) -> Iterator[str]:
    """Give the English that an argument brings along; a call in it words its own arguments."""
    if isinstance(node, ast.JoinedStr):
        words = "".join(
            str(part.value) if isinstance(part, ast.Constant) else "\N{EM DASH}" for part in node.values
        )
        if ENGLISH.search(words) and not COMMAND.search(words):
            yield words
        return
    if isinstance(node, ast.Constant):
        words = node.value if isinstance(node.value, str) else ""
        known = words in _read("ja")[LABELS] or IN_JAPANESE.search(words) or COMMAND.search(words)
        if ENGLISH.search(words) and not known:
            yield words
        return
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in SHOWN_BY:
            return
    for child in ast.iter_child_nodes(node):
        yield from sentences(child)


def faults(names: frozenset[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}: {words}"
        for path, node in nodes()
        if isinstance(node, ast.Call)
        if getattr(node.func, "id", getattr(node.func, "attr", "")) in names
        for argument in [*node.args, *(each.value for each in node.keywords)]
        for words in sentences(argument)
    ]


def test_nothing_english_is_printed() -> None:
    # `log.error` takes the static name of an event.
    assert faults(frozenset(SHOWN_BY)) == []


def test_no_error_that_is_shown_holds_an_english_sentence() -> None:
    assert len(shown_errors()) > 30
    assert faults(shown_errors()) == []


def test_no_refusal_of_a_setting_is_an_english_sentence() -> None:
    """Validators of the configuration and of files raise ValueError, whose text is shown."""
    found = [
        f"{path.relative_to(ROOT)}:{raised.lineno}: {words}"
        for path, node in nodes()
        if isinstance(node, ast.FunctionDef)
        and path.relative_to(ROOT).as_posix() not in FOR_PROGRAMS
        and any("validator" in ast.unparse(each) for each in node.decorator_list)
        for raised in ast.walk(node)
        if isinstance(raised, ast.Call) and getattr(raised.func, "id", "") == "ValueError"
        for argument in raised.args
        for words in sentences(argument)
    ]
    assert found == []
