"""Checks of recognition and judging: rules, phrases, the speech model."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori.errors import KikimoriError
from kikimori.recognition import load_recognition
from kikimori_core.judging.phrases import load_phrases
from kikimori_core.judging.rules import categories_without_phrases, load_rules
from kikimori_core.messages import both, remedy, text

if TYPE_CHECKING:
    from kikimori.config import AgentConfig


def look_at_rules(config: AgentConfig) -> Diagnosis:
    try:
        rules = load_rules(config.rule_files())
        phrases = load_phrases(config.phrase_files())
    except KikimoriError as error:
        return Diagnosis(
            "rules", CheckState.FAULT, error.message, error.next_step or remedy("check_configuration")
        )
    waiting = categories_without_phrases(rules, phrases.names)
    if waiting:
        return Diagnosis(
            "rules", CheckState.WARNING, *both("phrases_undefined", waiting=", ".join(waiting.values()))
        )
    silent = sum(not rule.needs_words() for rule in rules)
    return Diagnosis("rules", CheckState.OK, *both("rules_in_force", count=len(rules), silent=silent))


async def look_at_speech(config: AgentConfig) -> Diagnosis:
    recognition = await load_recognition(config)
    if recognition.missing is not None:
        return Diagnosis("speech", CheckState.WARNING, *recognition.missing.texts())
    if recognition.engine is None:
        return Diagnosis("speech", CheckState.OK, *both("speech_switched_off"))
    try:
        stream = await asyncio.to_thread(recognition.engine.open, 8000)
        await asyncio.to_thread(stream.accept, bytes(8000 // 5 * 2))
        await asyncio.to_thread(stream.close)
    except KikimoriError as error:
        problem = recognition.problem
        return Diagnosis("speech", CheckState.FAULT, error.message, problem.texts()[1] if problem else "")
    if recognition.second_missing is not None:
        missing, step = recognition.second_missing.texts()
        once = text("speech_hears_once", name=recognition.engine.name, missing=missing)
        return Diagnosis("speech", CheckState.WARNING, once, step)
    if recognition.second is not None:
        names = {"name": recognition.engine.name, "second": recognition.second.name}
        return Diagnosis("speech", CheckState.OK, *both("speech_hears_again", **names))
    return Diagnosis("speech", CheckState.OK, *both("speech_hears", name=recognition.engine.name))
