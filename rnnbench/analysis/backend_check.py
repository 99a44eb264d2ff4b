"""Check of the backend that ran: the prediction of the rules against a profile."""

import re
from dataclasses import dataclass
from enum import StrEnum

from rnnbench.analysis.backend_rules import CUDNN, Backend, Path, predict
from rnnbench.model.case import Case
from rnnbench.model.profile import Profile
from rnnbench.model.run import Environment


class Certainty(StrEnum):
    """Certainty about the backend that ran a case."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    PREDICTED = "predicted only"
    SEEN = "seen only"  # no rule is known for the layer
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Provenance:
    """The backend that ran a case: predicted, seen in a profile, and in a sentence."""

    predicted: Path
    seen: frozenset[Backend]
    certainty: Certainty
    sentence: str

    @property
    def label(self) -> str:
        """The backend that most likely ran, for a cell of a table."""
        if self.certainty in (Certainty.CONTRADICTED, Certainty.SEEN):
            return _listed(self.seen)
        return str(self.predicted)


def seen(profile: Profile) -> frozenset[Backend]:
    """The backends that the operators and kernels of a profile show; may be empty.

    A cuDNN operator without a kernel that names its algorithm counts as CUDNN.
    """
    names = {*profile.seen, *(operator.name for operator in profile.operators)}
    found = {
        backend
        for pattern, backend in _EVIDENCE
        if any(pattern.search(name) for name in names)
    }
    if len(found & CUDNN) > 1:
        found.discard(Backend.CUDNN)
    # The operators of an unfused layer are part of every path, so they count last.
    if not found and any(_UNFUSED.fullmatch(name) for name in names):
        found = {Backend.NATIVE}
    return frozenset(found)


def judge(case: Case, environment: Environment, profile: Profile | None) -> Provenance:
    """The predicted backend of `case`, and whether its profile confirms it."""
    path = predict(case, environment)
    backends = seen(profile) if profile else frozenset()
    certainty = _certainty({path.forward, path.backward or path.forward}, backends)
    return Provenance(
        path, backends, certainty, _sentence(certainty, path, backends, profile)
    )


def _certainty(expected: set[Backend], backends: frozenset[Backend]) -> Certainty:
    if Backend.UNKNOWN in expected:
        return Certainty.SEEN if backends else Certainty.UNKNOWN
    if not backends or (Backend.CUDNN in backends and expected <= CUDNN):
        return Certainty.PREDICTED
    if expected == {Backend.CUDNN} and backends <= CUDNN:
        return Certainty.SEEN
    return Certainty.CONFIRMED if backends == expected else Certainty.CONTRADICTED


def _sentence(
    certainty: Certainty, path: Path, backends: frozenset[Backend], profile: object
) -> str:
    named = _listed(backends)
    if certainty is Certainty.PREDICTED:
        why = "it was not profiled"
        if profile:
            why = f"its profile shows {named}, and no kernel that says more"
        return f"{path} is predicted; {why}."
    return {
        Certainty.UNKNOWN: "No rule is known, and no profile shows it.",
        Certainty.SEEN: f"No rule is known; {named} was seen.",
        Certainty.CONFIRMED: f"{path} is predicted and was seen.",
        Certainty.CONTRADICTED: f"{path} is predicted, but {named} was seen.",
    }[certainty]


def _listed(backends: frozenset[Backend]) -> str:
    return " and ".join(sorted(backends)) or "no backend"


# Names of operators and kernels. Those of STANDARD and SMALL_H are from published
# profiles of PyTorch on Ampere and later, `RNN_persist_` from those on Volta.
_EVIDENCE = (
    (re.compile(r"mkldnn_rnn_layer"), Backend.ONEDNN),
    (re.compile(r"_thnn_fused_(lstm|gru)_cell"), Backend.THNN),
    (re.compile(r"_cudnn_rnn|miopen_rnn"), Backend.CUDNN),
    (re.compile(r"RNN_blockPersist_"), Backend.SMALL_H),
    (re.compile(r"RNN_persist_"), Backend.PERSIST_STATIC),
    (re.compile(r"elemWiseRNNcell|(LSTM|GRU)_elementWise_"), Backend.STANDARD),
)
_UNFUSED = re.compile(
    r"aten::(addmm|mm|linear|baddbmm|bmm|matmul|(lstm|gru|rnn_tanh|rnn_relu)(_cell)?)"
)
