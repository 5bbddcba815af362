"""Where models are installed, and which one is meant."""

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

if TYPE_CHECKING:
    from kikimori.modelstore.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Listed:
    model: CatalogueModel
    path: Path | None
    """Where it is installed, None = it is not."""


def models_folder(state: Path) -> Path:
    """Return the folder below the agent's state folder that holds fetched models."""
    return state / "models"


def place_of(model: CatalogueModel, folder: Path) -> Path:
    """Return where the model is, or would be once fetched."""
    return (PACKAGE if model.bundled else folder) / model.name


def list_models(folder: Path, catalogue: Catalogue | None = None) -> list[Listed]:
    """Every model of the catalogue, with its place if it is installed."""
    catalogue = catalogue or load_catalogue()
    return [
        Listed(model, place if not layout_faults(place) else None)
        for model, place in ((model, place_of(model, folder)) for model in catalogue.model)
    ]


def installed_for(language: str, folder: Path, catalogue: Catalogue | None = None) -> Path | None:
    """Return the first installed model of a language in the catalogue's order.

    Bundled models are left out: they know the demo's words only, and would hear those in every real call.
    """
    for listed in list_models(folder, catalogue):
        if listed.path and listed.model.language == language and not listed.model.bundled:
            return listed.path
    return None


def resolve(name_or_path: str, folder: Path, catalogue: Catalogue | None = None) -> Path:
    """Return the folder of the model that `speech.model` names: a name of the catalogue or a path.

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
        next_step = "a Vosk model has folders am, conf and graph"
    else:
        place = place_of(model, folder)
        next_step = f"kikimori models fetch {model.name}"
        if not place.exists():
            raise ModelStoreError(f"the speech model {model.name} is not installed", next_step=next_step)
        next_step = f"remove {place}, then: {next_step}"
    faults = layout_faults(place)
    if faults:
        raise ModelStoreError(
            f"{place} is not a whole speech model: {'; '.join(faults)}", next_step=next_step
        )
    return place
