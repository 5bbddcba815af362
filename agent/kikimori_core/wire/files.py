"""Files and folders that a configuration names: found by their marks, and read from beside the configuration file."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args

from pydantic import BaseModel

from kikimori_core.errors import ConfigError
from kikimori_core.messages import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class FileKind(StrEnum):
    """Mark in the annotation of a setting that names a file."""

    SECRET = "secret"  # noqa: S105  (a mark)
    """First line = a password. A bare name: see `kikimori_core.wire.settings.secret_path`."""
    PEM = "pem"
    """Certificates or a key."""
    TOML = "toml"
    """Rules, phrases or sentences."""
    MODEL = "model"
    """A name of the catalogue, or a folder."""
    OPINION = "opinion"
    """A folder with the second opinion's model."""
    FOLDER = "folder"
    """Folder that is made when it does not exist."""


SecretFile = Annotated[Path, FileKind.SECRET]
PemFile = Annotated[Path, FileKind.PEM]
TomlFile = Annotated[Path, FileKind.TOML]
ModelFolder = Annotated[str, FileKind.MODEL]
OpinionFolder = Annotated[Path, FileKind.OPINION]
MadeFolder = Annotated[Path, FileKind.FOLDER]

Settings = TypeVar("Settings", bound=BaseModel)


class ConfigWarning(UserWarning):
    """A part of a configuration file that will not be read in the next release."""


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that a configuration names."""

    key: str
    """Key as people write it: `[mqtt] ca_file`."""
    kind: FileKind
    path: Path


def named_files(settings: BaseModel) -> Iterator[NamedFile]:
    """Give every file that is named, in the order of the settings."""
    found: list[NamedFile] = []

    def note(key: str, kind: FileKind, value: Path | str) -> Path | str:
        found.append(NamedFile(key, kind, Path(value)))
        return value

    _each(settings, "", note)
    yield from found


def beside(settings: Settings, file: Path) -> Settings:
    """Return the settings with relative paths taken from the folder of the configuration file `file`.

    One that is there only relative to the working directory is still taken from there, with a ConfigWarning; this ends
    with the next release. Bare names of secrets and names of models stay as they are.
    """
    base = file.resolve().parent

    def whole(key: str, kind: FileKind, value: Path | str) -> Path | str:
        path = Path(value).expanduser() if kind is FileKind.MODEL else Path(value)
        bare = path.parent == Path()
        if path.is_absolute() or (kind is FileKind.SECRET and bare):
            return value
        if kind is FileKind.MODEL and bare and not (base / path).is_dir() and not path.is_dir():
            return value
        here = base / path
        if kind in (FileKind.SECRET, FileKind.PEM, FileKind.MODEL) and not here.exists() and path.exists():
            warnings.warn(
                ConfigWarning(
                    text(
                        "read_from_working_directory",
                        file=file,
                        key=key,
                        path=path,
                        absolute=path.absolute(),
                    )
                ),
                stacklevel=2,
            )
            here = path.absolute()
        return str(here) if isinstance(value, str) else here

    return _each(settings, "", whole)


def require_toml_files(settings: BaseModel, file: Path, table: str = "") -> None:
    """Raise ConfigError for a file of rules, phrases or sentences that is not there; `table`: of keys that have none."""
    for each in named_files(settings):
        if each.kind is FileKind.TOML and not each.path.is_file():
            key = each.key if each.key.startswith("[") or not table else f"[{table}] {each.key}"
            raise ConfigError.of("named_file_missing", file=file, key=key, path=each.path)


def show_warnings_plainly(say: Callable[[str], None]) -> None:
    """Give each ConfigWarning once, as one text to `say`, without its place in the program."""
    usual = warnings.showwarning
    said: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *more: Any, **named: Any) -> None:
        if issubclass(category, ConfigWarning):
            words = message.args[0] if isinstance(message, Warning) else message
            # A library that is loaded between two readings of the file may make Python forget what it has shown.
            if words not in said:
                said.add(words)
                say(text("said_warning", message=words))
        else:
            usual(message, category, *more, **named)

    warnings.showwarning = show


def _each(
    settings: Settings, table: str, change: Callable[[str, FileKind, Path | str], Path | str]
) -> Settings:
    """Return the settings with `change(key, kind, value)` in place of each value that names a file."""
    changed: dict[str, object] = {}
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        below = f"{table}.{name}".lstrip(".")
        key = f"[{table}] {name}" if table else name
        kind = _kind(field.annotation, *field.metadata)

        def new(old: Any, below: str = below, key: str = key, kind: FileKind | None = kind) -> Any:
            if isinstance(old, tuple):
                return tuple(map(new, old))
            if isinstance(old, BaseModel):
                return _each(old, below, change)
            return change(key, kind, old) if kind is not None and old else old

        if (after := new(value)) != value:
            changed[name] = after
    return settings.model_copy(update=changed) if changed else settings


def _kind(annotation: object, *marks: object) -> FileKind | None:
    """Return the mark of an annotation, also one inside `… | None` and `tuple[…, ...]`."""
    for each in (*marks, *getattr(annotation, "__metadata__", ())):
        if isinstance(each, FileKind):
            return each
    kinds = (_kind(each) for each in get_args(annotation) if each is not annotation)
    return next((kind for kind in kinds if kind is not None), None)
