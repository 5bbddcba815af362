"""Weights by which whole sentences and their answers tell which demand is made again, fitted to the same dialogues."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.judging.acts.meanings import Meaning, MeaningScores
from kikimori_core.judging.acts.trees import TURN_TREES
from kikimori_core.judging.acts.weights import TurnWeights
from kikimori_core.judging.demands.others import signs_in_call
from kikimori_core.judging.demands.same import same_signs, since_s
from kikimori_core.judging.demands.threads import WITHIN_S, DemandThreads
from kikimori_core.judging.demands.turns import DemandTurn, reply_signs, turn_signs
from kikimori_core.judging.kinds.detector import Spoken
from kikimori_core.model.evidence import Role
from kikimori_lab.evaluation.case_judge import utterance
from kikimori_training.logistic import Sample, fit_signs, fit_vectors
from kikimori_training.signs import RULE, SUPERIOR
from kikimori_training.trees import fit_trees

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from kikimori_core.judging.acts.trees import Trees
    from kikimori_core.judging.phrases import PhraseBook
    from kikimori_core.judging.sentence_encoder import SentenceEncoder
    from kikimori_lab.evaluation.cases import Case

WHOLE = -1
"""The part that is nothing's: models of it saw everything."""
VECTOR_PENALTY, SIGN_PENALTY, REPLY_PENALTY = 0.3, 3.0, 1.0
LEAST_ODDS = -1.0
"""Log odds from which two turns that are not the same teach what makes them so."""
UNMARKED, UNMARKED_HARMLESS = 0.3, 1.0
"""Weight of two turns of which none is marked, in a call with a repeated demand, and in one without."""
ANOTHER = 3.0
"""Weight of two turns that are marked as different demands: few calls hold two."""
HARMLESS_TURN = 0.3
"""Weight of a turn of a call without a repeated demand, beside one of the others."""


@dataclass(slots=True)
class _Said:
    """Utterance with what is known of it."""

    spoken: Spoken
    vector: NDArray[np.float32]
    thread: int | None
    """Number of the demand that it makes, of the marked ones."""
    refuses: bool


@dataclass(slots=True)
class _Call:
    part: int
    marked: bool
    """True = a demand in it is made again and again."""
    said: list[_Said]


@dataclass(slots=True)
class _Model:
    """Weights that one part is judged with."""

    rows: NDArray[np.float32]
    weights: TurnWeights = field(default_factory=TurnWeights)
    trees: Trees = TURN_TREES


class TurnSamples:
    """Dialogues as turns, weighed in steps of which each uses those before it."""

    def __init__(self, parts: int, encoder: SentenceEncoder) -> None:
        """`parts`: how many the dialogues are divided into."""
        self._encoder = encoder
        self._calls: list[_Call] = []
        self.models = {
            part: _Model(np.zeros((len(MeaningScores._fields), 512), np.float32))
            for part in (*range(parts), WHOLE)
        }

    def take(self, case: Case, book: PhraseBook, part: int) -> None:
        """Take a dialogue, its utterances found by a book whose models did not see it."""
        thread_of = {at: number for number, each in enumerate(case.answered or ()) for at in each.times}
        refused = {at for each in case.answered or () for at in each.refused}
        turns = case.turns or ()
        vectors = self._encoder.encode([text for *_, text in turns])
        said = []
        for (at, role, text), vector in zip(turns, vectors, strict=True):
            heard = utterance(text, at, role)
            marks = (None, at in refused) if role is Role.OPERATOR else (thread_of.get(at), False)
            said.append(_Said(Spoken.of(heard, book.find(heard)), vector, *marks))
        self._calls.append(_Call(part, bool(case.answered), said))

    def weigh_acts(
        self,
        row: int,
        vectors: NDArray[np.float32],
        so: NDArray[np.bool_],
        weight: NDArray[np.float32],
        part: NDArray[np.int64],
    ) -> None:
        """Fit what a sentence does by itself: row 0 a demand, row 1 a refusal."""
        for number, model in self.models.items():
            kept = part != number
            model.rows[row] = fit_vectors(vectors[kept], so[kept], weight[kept], VECTOR_PENALTY)

    def weigh(self) -> None:
        """Fit all else."""
        self._each("reply", self._replies, REPLY_PENALTY)
        self._contexts()
        self._each("unanswered", self._unanswered, SIGN_PENALTY)
        self._each("answered", self._answered, SIGN_PENALTY)
        self._each("same", self._pairs, SIGN_PENALTY)
        self._in_call()

    def _each(self, table: str, samples: Callable[[_Call], Iterable[Sample]], penalty: float) -> None:
        """Fit a table for each part, with samples made by models that did not see them."""
        made = [(call.part, sample) for call in self._calls for sample in samples(call)]
        for number, model in self.models.items():
            fitted = fit_signs([sample for part, sample in made if part != number], penalty, level=True)
            model.weights = model.weights.model_copy(update={table: fitted})

    def _replies(self, call: _Call) -> Iterable[Sample]:
        if not call.marked:
            return
        for each in call.said:
            if each.spoken.utterance.role is Role.OPERATOR:
                yield reply_signs(each.spoken, self._meaning(call, each), RULE), each.refuses, 1.0

    def _unanswered(self, call: _Call) -> Iterable[Sample]:
        if call.marked:
            for _, thread, signs in self._turns(call):
                yield signs, thread is not None, 1.0

    def _answered(self, call: _Call) -> Iterable[Sample]:
        if call.marked:
            for turn, thread, _ in self._turns(call):
                if turn.replies:
                    yield turn_signs(turn), thread is not None, 1.0

    def _contexts(self) -> None:
        """Fit the rows of what was said, what came before it, and the answer."""
        whole, early = [], []
        for call in self._calls:
            if not call.marked:
                continue
            for turn, thread, _ in self._turns(call):
                said = turn.meaning.vector
                before = np.zeros_like(said) if turn.before is None else turn.before.meaning.vector
                so = thread is not None
                early.append((call.part, np.concatenate((said, before)), so))
                if turn.replies:
                    reply = max(turn.replies, key=lambda each: each.odds).meaning.vector
                    whole.append((call.part, np.concatenate((said, before, reply)), so))
        for samples, first in (
            (whole, MeaningScores._fields.index("said")),
            (early, MeaningScores._fields.index("unanswered")),
        ):
            part = np.array([each[0] for each in samples])
            rows, so_all = np.array([each[1] for each in samples]), np.array([each[2] for each in samples])
            for number, model in self.models.items():
                kept = part != number
                fitted = fit_vectors(
                    rows[kept], so_all[kept], np.ones(int(kept.sum()), np.float32), VECTOR_PENALTY
                )
                model.rows[first : first + len(fitted) // 512] = fitted.reshape(-1, 512)

    def _in_call(self) -> None:
        """Fit the trees, by what the other turns of a call are like."""
        made = [(call, *sample) for call in self._calls for sample in self._beside(call)]
        for number, model in self.models.items():
            kept = [each for each in made if each[0].part != number]
            model.trees = fit_trees(
                [signs for _, signs, _ in kept],
                np.array([so for *_, so in kept]),
                np.array([1.0 if call.marked else HARMLESS_TURN for call, *_ in kept]),
            )

    def _beside(self, call: _Call) -> Iterable[tuple[dict[str, float], bool]]:
        """Take each turn that was answered beside the others of its call."""
        state, marks = self._told(call)
        state.tie(state.turns)
        for turn in state.turns:
            if turn.replies:
                yield signs_in_call(turn), marks[turn] is not None

    def _turns(self, call: _Call) -> list[tuple[DemandTurn, int | None, dict[str, float]]]:
        """Return the turns of a call as they stand at its end, with their marks and the signs they had before their answer."""
        early = dict[DemandTurn, dict[str, float]]()
        _, marks = self._told(call, lambda turn: early.update({turn: turn_signs(turn)}))
        return [(turn, number, early[turn]) for turn, number in marks.items()]

    def _told(
        self, call: _Call, took: Callable[[DemandTurn], object] = lambda _: None
    ) -> tuple[DemandThreads, dict[DemandTurn, int | None]]:
        """Tell a call to its end; return its turns' state, and their marks. `took` is told each turn before its answer."""
        state = DemandThreads(RULE, self.models[call.part].weights)
        marks = dict[DemandTurn, int | None]()
        for each in call.said:
            spoken = replace(each.spoken, meaning=partial(self._meaning, call, each))
            if spoken.utterance.role is Role.OPERATOR:
                state.reply(spoken)
                continue
            counted = any(match.category == SUPERIOR for match in spoken.matches)
            turn = state.turn_of(spoken, SUPERIOR if counted else None)
            if turn is not None:
                marks[turn] = each.thread
                took(turn)
        return state, marks

    def _pairs(self, call: _Call) -> Iterable[Sample]:
        """Take each two turns of a call."""
        _, marks = self._told(call)
        turns, unmarked = [*marks], UNMARKED if call.marked else UNMARKED_HARMLESS
        for at, turn in enumerate(turns):
            for place, before in enumerate(turns[:at]):
                if since_s(turn, before) > WITHIN_S:
                    continue
                number, known = marks[turn], marks[before]
                same = number is not None and number == known
                if not same and (turn.odds <= LEAST_ODDS or before.odds <= LEAST_ODDS):
                    continue
                marked = number is not None or known is not None
                both = number is not None and known is not None and not same
                yield (
                    same_signs(turn, before, at - place - 1),
                    same,
                    ANOTHER if both else 1.0 if marked else unmarked,
                )

    def _meaning(self, call: _Call, said: _Said) -> Meaning:
        """Return a meaning by the rows of the call's part."""
        return Meaning(said.vector, MeaningScores(*(self.models[call.part].rows @ said.vector).tolist()))
