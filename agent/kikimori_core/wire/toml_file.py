"""TOML files that people write: read, validated, and answered with file, line, key and reason when wrong."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from kikimori_core.errors import ConfigError
from kikimori_core.messages import both, remedy, text
from kikimori_core.messages.text import catalogue
from kikimori_core.wire.settings import NAME_IN_WORDS
from kikimori_core.wire.topics import NAME_PATTERN
from kikimori_core.wire.values import known_only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[int | str, ...]
FULL_WIDTH = "[\u2018\u2019\u201c\u201d\u3000\uff01-\uff5e]"
"""Signs, digits, letters and the space as a Japanese keyboard writes them: outside of a text TOML knows none of them."""


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file; raises ConfigError when it is missing, unreadable or not TOML."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError.of("file_missing", path=path) from None
    except IsADirectoryError:
        raise ConfigError.of("file_is_folder", path=path) from None
    except OSError as error:
        raise ConfigError.of("file_unreadable", path=path, reason=error.strerror) from None
    except UnicodeDecodeError:
        raise ConfigError.of("file_not_text", path=path) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(path, text, str(error)) from None


def _not_toml(path: Path, text: str, said: str) -> ConfigError:
    """Return where the mistake is and how to mend it: most come from lines that were copied in."""
    reason, _, place = said.partition(" (at ")
    number = int(found[1]) if (found := re.match(r"line (\d+)", place)) else len(text.splitlines())
    lines = text.splitlines()
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    header = re.match(r"\s*\[+\s*([^\]]*?)\s*\]", line)
    key = re.match(r"\s*([\w-]+)\s*=", line)
    if header and (first := _line(text, header[1])) is not None and first < number:
        reason, mend = both("toml_table_twice", table=header[1], first=first)
    elif key and reason == "Cannot overwrite a value":
        reason, mend = both("toml_key_twice", key=key[1])
    elif re.search(FULL_WIDTH, re.sub(r""""[^"]*"|'[^']*'|#.*""", "", line)):
        mend = remedy("toml_full_width")
    elif reason == r"Illegal character '\n'":
        reason, mend = both("toml_not_closed")
    elif "\\" in line:
        mend = remedy("toml_backslash")
    else:
        mend = remedy("toml_quotes")
    return ConfigError.of("toml_wrong", path=path, number=number, reason=reason, mend=mend)


def load(path: Path, model: type[Model]) -> Model:
    """Read and validate a file; raises ConfigError that names every fault."""
    return validated(model, read_toml(path), path)


def validated(model: type[Model], data: dict[str, Any], path: Path) -> Model:
    """Validate what was read from `path`; raises ConfigError that names every fault."""
    try:
        with known_only():
            return model.model_validate(data)
    except ValidationError as error:
        raise explained(error, model, data, path) from None


def explained(
    error: ValidationError,
    model: type[BaseModel],
    document: dict[str, Any],
    path: Path,
    place: Callable[[Location], Location] = lambda location: location,
) -> ConfigError:
    """Return an error with file, line, key and reason of every fault.

    Args:
        error: What pydantic found.
        model: What was validated.
        document: The whole file as read from `path`.
        path: The file.
        place: Turns a location in `model` into the one in `document`.
    """
    content = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    faults = []
    for each in error.errors(include_url=False):
        key = _key(place(each["loc"]), document)
        line = _line(content, key)
        place_in_file = f"{path}:{line}" if line else str(path)
        faults.append(text("config_fault", place=place_in_file, key=key, reason=_reason(each, model)))
    return ConfigError.of("config_faults", faults=tuple(faults))


def place_of(path: Path | None, key: str) -> str:
    """Return `file:line` of a key written like `[mqtt] ca_file`; the file alone where the line is not found."""
    if path is None:
        return text("builtin_defaults")
    content = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    line = _line(content, re.sub(r"^\[([\w.]+)\] ", r"\1.", key))
    return f"{path}:{line}" if line else str(path)


def _key(location: Location, data: Any) -> str:
    """Write pydantic's location as the person wrote it: `rule[2].window_s`, without the names of union members."""
    key, here = "", data
    for part in location:
        if isinstance(part, int):
            key += f"[{part + 1}]"
            here = here[part] if isinstance(here, list) and part < len(here) else None
        elif isinstance(here, dict) and part in here:
            key += f".{part}" if key else part
            here = here[part]
        elif not isinstance(here, dict) or "kind" not in here or here["kind"] != part:
            # Either a key that is missing, or a union member that pydantic tried.
            key += f".{part}" if key else str(part)
    return key or "(file)"


def _reason(fault: ErrorDetails, model: type[BaseModel]) -> str:
    match fault["type"]:
        case "extra_forbidden":
            return _unknown(fault["loc"], model)
        case _:
            return _value_reason(fault)


def first_fault(error: ValidationError) -> tuple[str, str]:
    """Return key and reason of the first fault, for files in which a line cannot be named."""
    fault = error.errors(include_input=False, include_url=False)[0]
    return ".".join(str(part) for part in fault["loc"]), _value_reason(fault)


def _value_reason(fault: ErrorDetails) -> str:
    """Return why pydantic refuses a value."""
    match fault["type"]:
        case "extra_forbidden":
            return text("key_unknown")
        case "missing":
            return text("key_missing")
        case "string_pattern_mismatch" if fault["ctx"]["pattern"] == NAME_PATTERN:
            return NAME_IN_WORDS
        case "value_error":
            # A text of ours stays one.
            return _text_of(fault["ctx"]["error"])
        case kind:
            code, said = f"value_{kind}", dict(fault.get("ctx", {}))
            if "expected" in said:  # "'a', 'b' or 'c'": its English word would stand in every language
                said["expected"] = str(said["expected"]).replace("' or '", "', '")
            return text(code, **said) if code in catalogue("en") else fault["msg"]


def _text_of(error: ValueError) -> str:
    """Return the text of an error, with its code where it has one."""
    return error.args[0] if error.args and isinstance(error.args[0], str) else str(error)


def _unknown(location: Location, model: type[BaseModel]) -> str:
    """Say which key of the same table an unknown one resembles, or in which other table it stands."""
    name = str(location[-1])
    known = {each for table in _tables_at(location[:-1], {model}) for each in table.model_fields}
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return text("key_resembles", close=close[0])
    homes = [
        table
        for table, field in model.model_fields.items()
        for inner in _tables_in(field.annotation)
        if name in inner.model_fields
    ]
    if homes:
        return text("key_elsewhere", homes=" / ".join(f"[{each}]" for each in homes))
    return text("key_known_are", known=", ".join(sorted(known))) if known else text("key_unknown")


def _tables_at(location: Location, models: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """Return the models that may stand at a location."""
    for part in location:
        fields = [each.model_fields[part] for each in models if part in each.model_fields]
        if fields:
            models = {table for field in fields for table in _tables_in(field.annotation)}
        elif isinstance(part, str):
            # The tag of a union's member.
            models = {each for each in models if part in _literals(each)} or models
    return models


def _tables_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _tables_in(each)


def _literals(model: type[BaseModel]) -> set[object]:
    return {
        value
        for field in model.model_fields.values()
        if get_origin(field.annotation) is Literal
        for value in get_args(field.annotation)
    }


def _line(text: str, key: str) -> int | None:
    """Find the line of a key, as well as a plain search can; None when it cannot."""
    parts = re.findall(r"([^.\[\]]+)(?:\[(\d+)\])?", key)
    lines = text.splitlines()
    at, found = 0, None
    for name, index in parts:
        wanted = int(index) if index else 1
        pattern = re.compile(rf"^\s*(\[+\s*(?:[\w-]+\.)*{re.escape(name)}\s*\]+|{re.escape(name)}\s*=)")
        hits = [number for number in range(at, len(lines)) if pattern.match(lines[number])]
        if len(hits) < wanted:
            return found
        at = hits[wanted - 1]
        found = at + 1
    return found
