"""Dashboard: the calls of a site on the screens of those who decide.

Knows the agents only through MQTT (`kikimori_core`). `create_app` gives the aiohttp application, `serve` runs it. Its
settings can be read where the libraries of its pages and database are not installed, as on a machine of an agent alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from kikimori_dashboard.config import DashboardSettings, read_settings, settings_from
from kikimori_dashboard.ending.reasons import read_ending_reasons
from kikimori_dashboard.pages.sentences import SentenceBook, read_book

if TYPE_CHECKING:
    from kikimori_dashboard.app import create_app, serve

__all__ = [
    "DashboardSettings", "SentenceBook", "create_app", "read_book", "read_ending_reasons", "read_settings", "serve",
    "settings_from",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Load the application when it is asked for."""
    if name in ("create_app", "serve"):
        return getattr(import_module("kikimori_dashboard.app"), name)
    raise AttributeError(name)
