"""Rules as people write them in `config/rules/*.toml`, validated."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field, create_model

from kikimori_core.errors import ConfigError
from kikimori_core.judging.kinds import KINDS
from kikimori_core.wire.toml_file import load

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from pathlib import Path

    from pydantic import BaseModel

    from kikimori_core.judging.kinds.rule import Rule


def _file_of(kinds: Sequence[type[Rule]]) -> type[BaseModel]:
    """Return the model of a rule file whose rules may be of these kinds; `kind` says which."""
    rule: Any = Annotated[reduce(or_, kinds), Field(discriminator="kind")]
    return create_model(
        "RuleFile", __config__=ConfigDict(extra="forbid", frozen=True), rule=(tuple[rule, ...], ...)
    )


def load_rules(paths: Iterable[Path], kinds: Sequence[type[Rule]] = KINDS) -> tuple[Rule, ...]:
    """Read rule files in order; a rule in a later file replaces the one of the same id.

    Raises:
        ConfigError: names file, key and reason.
    """
    file = _file_of(kinds)
    found: dict[str, Rule] = {}
    for path in paths:
        seen: set[str] = set()
        read: Any = load(path, file)
        for number, rule in enumerate(read.rule, start=1):
            if rule.id in seen:
                raise ConfigError.of("rule_twice", path=path, number=number, id=repr(rule.id))
            seen.add(rule.id)
            found[rule.id] = rule
    return tuple(rule for rule in found.values() if rule.enabled)


def capped_rules(rules: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """Return the rules that ask for more than their kind can give, by id with the keys that do."""
    return {rule.id: keys for rule in rules if (keys := rule.capped_keys())}


def categories_without_phrases(rules: Iterable[Rule], known: Container[str]) -> dict[str, str]:
    """Return the phrase categories that rules use and no file defines, each with the id of one such rule."""
    return {category: rule for category, rule in categories_of(rules).items() if category not in known}


def categories_of(rules: Iterable[Rule]) -> dict[str, str]:
    """Return the phrase categories that rules use, each with the id of one rule that does."""
    used: dict[str, str] = {}
    for rule in sorted(rules, key=lambda each: each.needs_words()):
        used |= dict.fromkeys(rule.categories(), rule.id)  # of several, one that can do nothing without it
    return used
