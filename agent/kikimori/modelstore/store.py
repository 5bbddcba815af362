"""Installed models: their folders, and the choice of one by name, path or language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.modelstore.catalogue import (
    PACKAGE,
    CatalogueModel,
    ModelStoreError,
    UnknownModelError,
    find,
    load_catalogue,
)
from kikimori.modelstore.verify import layout_faults
from kikimori_core.messages import joined, remedy

if TYPE_CHECKING:
    from kikimori.modelstore.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class StoredModel:
    model: CatalogueModel
    path: Path | None
    """Folder in which it is installed; None = not installed."""


def models_folder(state: Path) -> Path:
    """Return the folder below the agent's state folder that holds fetched models."""
    return state / "models"


_LOOKS = {
    "vosk": "a Vosk model has folders am, conf and graph",
    "whisper": "a Whisper model is a folder with model.bin, config.json, tokenizer.json and vocabulary.json",
}


def engine_of(place: Path) -> str:
    """Return the kind of recogniser that uses the files in a folder."""
    return "whisper" if (place / "model.bin").is_file() else "vosk"


def place_of(model: CatalogueModel, folder: Path) -> Path:
    """Return the folder of the model, or its future one before it is fetched."""
    return (PACKAGE if model.bundled else folder) / model.name


def list_models(folder: Path, catalogue: Catalogue | None = None) -> list[StoredModel]:
    """Return every model of the catalogue, with its folder if it is installed."""
    catalogue = catalogue or load_catalogue()
    return [
        StoredModel(model, place if not layout_faults(place, model.engine) else None)
        for model, place in ((model, place_of(model, folder)) for model in catalogue.model)
    ]


def installed_for(
    language: str, folder: Path, catalogue: Catalogue | None = None, engine: str = "vosk"
) -> Path | None:
    """Return the first installed model of a language for a kind of recogniser, in the catalogue's order.

    Bundled models are left out: they know the demo's words only, and would hear those in every real call.
    """
    for listed in list_models(folder, catalogue):
        model = listed.model
        fits = model.engine == engine and model.language in (language, "any")
        if listed.path and fits and not model.bundled:
            return listed.path
    return None


def resolve(
    name_or_path: str, folder: Path, catalogue: Catalogue | None = None, engine: str | None = "vosk"
) -> Path:
    """Return the folder of the model that `speech.model` names: a name of the catalogue or a path.

    Args:
        name_or_path: As in the configuration.
        folder: Of the fetched models.
        catalogue: None = the program's own.
        engine: Kind of recogniser that is to load it; None = any, as the catalogue says or the folder looks.

    Raises:
        UnknownModelError: neither.
        ModelStoreError: it is not installed, or not whole.
    """
    try:
        model = find(name_or_path, catalogue or load_catalogue())
    except UnknownModelError:
        place = Path(name_or_path).expanduser()
        if not place.is_dir():
            raise
        next_step = _LOOKS[engine or "vosk"]
        if engine is None:
            engine = engine_of(place)
    else:
        place = place_of(model, folder)
        if not place.exists():
            raise ModelStoreError.of("model_not_installed", name=model.name)
        next_step = remedy("model_remove_and_fetch", place=place, name=model.name)
        if engine is not None and model.engine != engine:
            raise ModelStoreError.of(
                "model_for_other_engine", name=model.name, engine=model.engine, engine_2=engine
            )
        engine = model.engine
    faults = layout_faults(place, engine or "vosk")
    if faults:
        raise ModelStoreError.of(
            "model_not_whole", place=place, faults=joined(faults, "clauses"), remedy=next_step
        )
    return place
