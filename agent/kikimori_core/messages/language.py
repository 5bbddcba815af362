"""Language of what a command prints."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["ja", "en"]


def language_of(
    configured: Language | None = None,
    environment: Mapping[str, str] = os.environ,
    *,
    default: Language = "ja",
) -> Language:
    """Return the language for a person at the terminal.

    Args:
        configured: `language` as the configuration file sets it; None where it does not.
        environment: Of the process. `LC_ALL`, `LC_MESSAGES` or `LANG` of C or POSIX asks for English whatever is
            configured; `C.UTF-8` is how systems without a language are delivered, and asks for nothing.
        default: Language where neither says one.
    """
    locale = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    if locale in ("C", "POSIX"):
        return "en"
    if configured is not None:
        return configured
    if not locale or locale.split(".")[0] in ("C", "POSIX"):
        return default
    return "ja" if locale.startswith("ja") else "en"
