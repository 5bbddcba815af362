"""TOML files that people write: read, validated, and answered with file, line, key and reason when wrong."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from kikimori.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file; raises ConfigError when it is missing, unreadable or not TOML."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file", next_step="check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read: {error}", next_step="the file must be UTF-8 text"
        ) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{path}: not valid TOML: {error}", next_step="see https://toml.io for the format"
        ) from None


def load(path: Path, model: type[Model]) -> Model:
    """Read and validate a file; raises ConfigError that names every fault."""
    return validated(model, read_toml(path), path)


def validated(model: type[Model], data: dict[str, Any], path: Path) -> Model:
    """Validate what was read from `path`; raises ConfigError that names every fault."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        faults = []
        for each in error.errors(include_url=False):
            key = _key(each["loc"], data)
            line = _line(text, key)
            faults.append(f"{path}{f':{line}' if line else ''}: {key}: {_reason(each['type'], each['msg'])}")
        raise ConfigError("\n".join(faults), next_step="kikimori config check FILE checks a file") from None


def _key(location: tuple[int | str, ...], data: Any) -> str:
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


def _reason(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "unknown key; is it misspelt?"
    if kind == "missing":
        return "is missing"
    return message.removeprefix("Value error, ")


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
