"""Makes what counts demands and their answers: the model of acts, and the weights of signs.

Learns from sentences written for it (`models/training/acts`), from dialogues with their demands and refusals marked (`answered`, as for
`kikimori evaluate-words`), from single utterances with their act, and from calm sentences.
"""

from __future__ import annotations

import argparse
import json
import random
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import numpy as np

from kikimori.config import BUILTIN_SENTENCES, AgentConfig
from kikimori.modelstore.catalogue import PACKAGE
from kikimori.version import VERSION
from kikimori_core.judging.acts.features import BITS, features
from kikimori_core.judging.acts.meanings import FILE as MEANINGS
from kikimori_core.judging.acts.meanings import Meanings, MeaningScores
from kikimori_core.judging.acts.model import ACTS, ActModel, ActNote
from kikimori_core.judging.acts.trees import FILE as TREES
from kikimori_core.judging.acts.weights import FILE
from kikimori_core.judging.phrases import load_phrases
from kikimori_core.judging.sentence_encoder import DIMENSIONS, SentenceEncoder
from kikimori_core.judging.words.sound import plain, words
from kikimori_core.model.evidence import Role
from kikimori_lab.evaluation.case_judge import utterance
from kikimori_lab.evaluation.cases import Case, json_lines, read_cases
from kikimori_lab.retraining.fit import FitSettings, fit, in_bytes
from kikimori_lab.retraining.samples import calm
from kikimori_lab.retraining.templates import HARMLESS, read_templates
from kikimori_training.signs import SignSamples, as_toml
from kikimori_training.turns import WHOLE, TurnSamples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kikimori_core.judging.acts.model import SpeechAct
    from kikimori_core.judging.acts.weights import SignWeights
    from kikimori_core.judging.phrases import PhraseBook

PER_TEMPLATE = 6
"""Most sentences of one template."""
FOLDS = 5
CALM_SENTENCES, CALM_WEIGHT = 8000, 0.05
UTTERANCE_WEIGHT = 2.0
"""Weight of a single utterance whose act a person marked."""
UNSURE_WEIGHT = 0.2
"""Weight of an utterance that the lists take for a demand, and nobody marked."""
SETTINGS = FitSettings(epochs=12, batch=64, rate=0.2, decay=1e-5)
SPEAKERS: dict[SpeechAct, Role] = {"demand": Role.CUSTOMER, "refusal": Role.OPERATOR}


class KnownAct(NamedTuple):
    """Utterance whose act is known."""

    text: str
    is_act: bool
    weight: float
    origin: str
    """Name of the text or dialogue that is never divided between learning and measuring."""


def written(act: SpeechAct) -> Iterator[KnownAct]:
    """Write out the templates of an act."""
    for each in read_templates(PACKAGE / "training" / "acts" / f"{act}.txt"):
        for text in each.several(PER_TEMPLATE, random.Random(each.name)):
            yield KnownAct(text, each.label != HARMLESS, 1.0, each.name)


def marked(paths: Sequence[Path], act: SpeechAct) -> Iterator[KnownAct]:
    """Read single utterances with their act: `text`, `speaker`, `act`."""
    for path in paths:
        for number, line in json_lines(path):
            one = json.loads(line)
            if one["speaker"] == SPEAKERS[act]:
                yield KnownAct(one["text"], one["act"] == act, UTTERANCE_WEIGHT, f"{path.name}/{number}")


def told(cases: Iterable[Case], act: SpeechAct, lists: PhraseBook, unsure: float = 0.0) -> Iterator[KnownAct]:
    """Take the turns of dialogues of which it is known what they are.

    A demand that was made less than three times, and the refusal of one, are not marked: what the lists take for one is left out there.

    Args:
        cases: Dialogues.
        act: The act that is looked for.
        lists: Phrases alone.
        unsure: Weight of what is left out, taken for no demand, beside a demand that is marked; 0 = it is left out.
    """
    for case in cases:
        demanded = {at for each in case.answered or () for at in each.times}
        refused = {at for each in case.answered or () for at in each.refused}
        for at, role, text in case.turns or ():
            if role is not SPEAKERS[act]:
                continue
            is_act = at in (demanded if act == "demand" else refused)
            if is_act or not _unmarked(act, case, lists, text):
                yield KnownAct(text, is_act, 1.0, f"dialogue/{case.name}")
            elif unsure and case.answered:
                yield KnownAct(text, is_act, unsure, f"dialogue/{case.name}")


def _unmarked(act: SpeechAct, case: Case, lists: PhraseBook, text: str) -> bool:
    """Return whether an utterance may be the act without a mark."""
    if act == "refusal" and case.answered:
        return False
    found = lists.find(utterance(text, 0.0, SPEAKERS[act]))
    categories = {match.category for match in found.matches}
    if act == "demand":
        return found.demand is not None or "call_for_superior" in categories
    return not categories.isdisjoint({"refusal", "half_refusal", "denial"})


def calm_ones(lists: PhraseBook, seed: int) -> Iterator[KnownAct]:
    """Draw calm sentences in which the lists find no demand."""
    read = [
        sample
        for path in sorted((PACKAGE / "training" / "words").glob("calm-*.txt.xz"))
        for sample in calm(path)
    ]
    for sample in random.Random(seed).sample(read, CALM_SENTENCES):
        if lists.find(utterance(sample.text, 0.0, Role.CUSTOMER)).demand is None:
            yield KnownAct(sample.text, False, CALM_WEIGHT, sample.origin)


@dataclass(frozen=True, slots=True)
class Learned:
    """Weights of both acts, by row of the table."""

    table: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    bias: tuple[float, ...]

    def model(self, made: dict[str, str] | None = None) -> ActModel:
        """Return the model, its weights rounded as they are written."""
        table, scale = in_bytes(self.table)
        note = ActNote(
            bits=BITS,
            bias={act: round(each, 5) for act, each in zip(ACTS, self.bias, strict=True)},
            scale=dict(zip(ACTS, scale, strict=True)),
            made=made or {},
        )
        return ActModel(note, table)

    def write(self, folder: Path, made: dict[str, str]) -> None:
        """Write `model.json` and `weights.npy`; raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        model = self.model(made)
        np.save(folder / "weights.npy", model.table)
        text = json.dumps(model.note.model_dump(), ensure_ascii=False, indent=1)
        (folder / "model.json").write_text(text + "\n", encoding="utf-8")


def fold_of(origin: str) -> int:
    """Return the part that something belongs to; what is alike belongs to one."""
    return crc32(origin.encode()) % FOLDS


class Learner:
    """All that is learned from, and what was learned of it."""

    def __init__(
        self,
        cases: Sequence[Case],
        acts: Sequence[Path],
        pairs: Sequence[Path],
        seed: int,
        turns: Sequence[Case] = (),
    ) -> None:
        """Take what is learned from.

        Args:
            cases: Dialogues.
            acts: Files of single utterances.
            pairs: Files of pairs of demands.
            seed: Of all that is drawn.
            turns: Dialogues that teach the acts and the weights of turns, and none of the lists' signs.
        """
        self._by_lists = [each for each in cases if each.answered is not None]
        self.cases = [*self._by_lists, *(each for each in turns if each.answered is not None)]
        self._pairs, self._seed = pairs, seed
        self._lists = load_phrases(AgentConfig().phrase_files())
        self.said: dict[SpeechAct, list[KnownAct]] = {
            act: [*written(act), *marked(acts, act), *told(self.cases, act, self._lists)] for act in ACTS
        }
        self._marks = [*marked(acts, "demand"), *told(self.cases, "demand", self._lists, UNSURE_WEIGHT)]
        self.said["demand"] += calm_ones(self._lists, seed)
        self._rows = {each.text: features(words(plain(each.text))) for act in ACTS for each in self.said[act]}

    def fitted(self, *, without: int | None = None) -> Learned:
        """Fit both acts; `without`: the part to leave out."""
        columns, bias = [], []
        for act in ACTS:
            kept = [
                each
                for each in self.said[act]
                if len(self._rows[each.text]) and (without is None or fold_of(each.origin) != without)
            ]
            weights = fit(
                [self._rows[each.text] for each in kept],
                np.array([each.is_act for each in kept], np.int64),
                np.array([each.weight for each in kept], np.float32),
                (1 << BITS, 2),
                replace(SETTINGS, seed=self._seed),
                lambda *_: None,
            )
            columns.append(weights.table[:, 1] - weights.table[:, 0])
            bias.append(float(weights.bias[1] - weights.bias[0]))
        return Learned(np.stack(columns, axis=1), tuple(bias))

    def weigh(self, parts: Sequence[ActModel]) -> SignWeights:
        """Fit the weights of signs, with odds of models that did not see what they are weighed on."""
        samples = SignSamples()
        books = [self._lists.with_acts(part) for part in parts]
        for each in self._marks:
            heard = words(plain(each.text))
            odds = parts[fold_of(each.origin)].log_odds(heard, "demand")
            samples.demand(each.text, odds, self._lists, each.weight, is_one=each.is_act)
        samples.weigh_demands()
        for take in (samples.answers, samples.ties):
            for case in self._by_lists:
                take(case, books[fold_of(f"dialogue/{case.name}")])
            if take == samples.answers:
                samples.weigh_answers()
        samples.pairs(self._pairs, self._lists)
        samples.weigh_ties()
        return samples.weights

    def turns(self, parts: Sequence[ActModel], sentences: Path) -> TurnSamples:
        """Fit what whole sentences tell, with models that did not see what they are weighed on."""
        encoder = SentenceEncoder.read(sentences)
        samples = TurnSamples(FOLDS, encoder)
        meanings = Meanings(encoder, np.zeros((len(MeaningScores._fields), DIMENSIONS), np.float32))
        books = [self._lists.with_acts(part, meanings) for part in parts]
        for case in self.cases:
            part = fold_of(f"dialogue/{case.name}")
            samples.take(case, books[part], part)
        for row, act in enumerate(ACTS):
            said = self.said[act]
            samples.weigh_acts(
                row,
                encoder.encode([each.text for each in said]),
                np.array([each.is_act for each in said]),
                np.array([each.weight for each in said], np.float32),
                np.array([fold_of(each.origin) for each in said]),
            )
        samples.weigh()
        return samples


def calls_without(path: Path) -> Iterator[Case]:
    """Read the calls without a repeated demand of a file of `[[dialogue]]`, with their `step` in s and `turns`: `C …`, `O …`."""
    for each in tomllib.loads(path.read_text(encoding="utf-8"))["dialogue"]:
        if each["raised"]:
            continue
        turns = [
            (10.0 + number * each["step"], Role.CUSTOMER if turn[0] == "C" else Role.OPERATOR, turn[2:])
            for number, turn in enumerate(each["turns"])
        ]
        yield Case(type="neg", expected=(), turns=tuple(turns), answered=(), name=each["name"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dialogues", type=Path, nargs="+", metavar="FILE.jsonl")
    parser.add_argument("--acts", type=Path, nargs="*", default=[], metavar="FILE.jsonl")
    parser.add_argument("--pairs", type=Path, nargs="*", default=[], metavar="FILE.jsonl")
    parser.add_argument("--turns", type=Path, nargs="*", default=[], metavar="FILE.jsonl")
    parser.add_argument("--without", type=Path, nargs="*", default=[], metavar="FILE.toml")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="models/acts")
    parser.add_argument("--sentences", type=Path, default=BUILTIN_SENTENCES, metavar="DIR")
    parser.add_argument("--signs", type=Path, default=FILE, metavar="FILE.toml")
    parser.add_argument("--seed", type=int, default=16)
    args = parser.parse_args()
    cases = [each for path in args.dialogues for each in read_cases(path)]
    cases += [each for path in args.without for each in calls_without(path)]
    turns = [each for path in args.turns for each in read_cases(path)]
    learner = Learner(cases, args.acts, args.pairs, args.seed, turns)
    parts = [learner.fitted(without=part).model() for part in range(FOLDS)]
    weights = learner.weigh(parts)
    model = learner.turns(parts, args.sentences).models[WHOLE]
    made = {
        "program": VERSION,
        "utterances": str(sum(len(each) for each in learner.said.values())),
        "dialogues": str(len(learner.cases)),
        "seed": str(args.seed),
    }
    learner.fitted().write(args.out, made)
    np.save(args.out / MEANINGS, model.rows)
    weights = weights.model_copy(update={"turn": model.weights})
    args.signs.write_text(as_toml(weights), encoding="utf-8")
    model.trees.write(args.signs.with_name(TREES.name))


if __name__ == "__main__":
    main()
