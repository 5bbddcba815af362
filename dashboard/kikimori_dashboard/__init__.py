"""Dashboard: the calls of a site on the screens of those who decide.

Knows the agents only through MQTT (`kikimori_core`). `create_app` gives the aiohttp application, `serve` runs it.
"""

from kikimori_dashboard.app import create_app, serve
from kikimori_dashboard.config import DashboardSettings, read_settings, settings_from
from kikimori_dashboard.sentences import SentenceBook, read_book

__all__ = [
    "DashboardSettings", "SentenceBook", "create_app", "read_book", "read_settings", "serve",
    "settings_from",
]  # fmt: skip
