"""Speech models: which there are, where they are installed, fetching and checking them."""

from kikimori.modelstore.catalogue import (
    CatalogueModel,
    ModelStoreError,
    UnknownModelError,
    find,
    load_catalogue,
)
from kikimori.modelstore.fetch import Progress, fetch
from kikimori.modelstore.store import (
    StoredModel,
    engine_of,
    installed_for,
    list_models,
    models_folder,
    resolve,
)
from kikimori.modelstore.verify import verify

__all__ = [
    "CatalogueModel",
    "ModelStoreError",
    "Progress",
    "StoredModel",
    "UnknownModelError",
    "engine_of",
    "fetch",
    "find",
    "installed_for",
    "list_models",
    "load_catalogue",
    "models_folder",
    "resolve",
    "verify",
]  # fmt: skip
