"""Checks of recognition and judging: rules, phrases, the speech model."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import Diagnosis, State
from kikimori.errors import KikimoriError
from kikimori.recognition import load_recognition
from kikimori_core.judging.phrases import load_phrases
from kikimori_core.judging.rules import categories_without_phrases, load_rules

if TYPE_CHECKING:
    from kikimori.config import AgentConfig


def look_at_rules(config: AgentConfig) -> Diagnosis:
    try:
        rules = load_rules(config.rule_files())
        phrases = load_phrases(config.phrase_files())
    except KikimoriError as error:
        return Diagnosis("rules", State.FAULT, error.message, error.next_step or "kikimori config check")
    waiting = categories_without_phrases(rules, phrases.names)
    if waiting:
        return Diagnosis(
            "rules",
            State.WARNING,
            f"no file defines the phrases that {', '.join(waiting.values())} waits for",
            "name a phrase file with that category under [judging] phrases",
        )
    silent = sum(not rule.needs_words() for rule in rules)
    return Diagnosis("rules", State.OK, f"{len(rules)} in force, {silent} of them also without words")


async def look_at_speech(config: AgentConfig) -> Diagnosis:
    recognition = await load_recognition(config)
    if recognition.missing is not None:
        return Diagnosis("speech", State.WARNING, recognition.missing.detail, recognition.missing.remedy)
    if recognition.engine is None:
        return Diagnosis("speech", State.OK, "switched off: calls are watched by voice and time only")
    try:
        stream = await asyncio.to_thread(recognition.engine.open, 8000)
        await asyncio.to_thread(stream.accept, bytes(8000 // 5 * 2))
        await asyncio.to_thread(stream.close)
    except KikimoriError as error:
        problem = recognition.problem
        return Diagnosis("speech", State.FAULT, error.message, problem.remedy if problem else "")
    if recognition.second_missing is not None:
        missing = recognition.second_missing
        return Diagnosis(
            "speech", State.WARNING, f"{recognition.engine.name} hears, {missing.detail}", missing.remedy
        )
    again = "" if recognition.second is None else f", {recognition.second.name} hears utterances again"
    return Diagnosis("speech", State.OK, f"{recognition.engine.name} hears{again}")
