"""The policy of a sweep: how precisely and for how long it is measured."""

from dataclasses import dataclass, field, fields
from typing import Any

from rnnbench.model.case import Case, Phase
from rnnbench.model.cost import WITHOUT_GRAPH
from rnnbench.model.pattern import case_filter
from rnnbench.model.serving import Part


def _limited(default: float, low: float, high: float) -> Any:
    """A field of `Policy` with its default and the least and greatest value."""
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a sweep is measured; the only place of the defaults and limits.

    Attributes:
        precision: the half-width, as a share of the ratio, that each 95 % interval is
            to reach.
        launches: fresh processes for each workload, at most.
        budget: seconds for all measuring.
        time_limit: seconds that one member may take for its first call, or for a turn.
        profile: cases to profile: all, none, or a pattern for case ids; see `profiles`.
        stream, serve: cases of `phase: stream` whose steps are timed one by one, and
            which are served under load; a pattern as in `profile`.
        deploy: cases of inference that get a deployment card.

    """

    precision: float = _limited(0.02, 1e-6, 0.999)
    launches: int = _limited(20, 1, 10_000)
    budget: float = _limited(600.0, 1e-3, 1e8)
    time_limit: float = _limited(60.0, 1e-3, 1e8)
    profile: str = "none"
    # Older files have none of these.
    stream: str = field(default="none", metadata={"later": True})
    serve: str = field(default="none", metadata={"later": True})
    deploy: str = field(default="none", metadata={"later": True})

    def __post_init__(self) -> None:
        """Raise ValueError for a value outside its limits."""
        for limited in fields(self):
            value = getattr(self, limited.name)
            low, high = map(limited.metadata.get, ("low", "high"))
            if low is not None and high is not None and not low <= value <= high:
                limits = f"between {low:,.10g} and {high:,.10g}"
                raise ValueError(f"{limited.name}: {value:,.10g} is not {limits}")

    def profiles(self, case: Case) -> bool:
        """Whether `case` is to be profiled; ValueError if `profile` is no pattern.

        The pattern is checked where a run begins and not where a policy is made: a file
        of an older version may hold a pattern that this version does not support.
        """
        return case_filter(self.profile)(case.id)

    def reads(self, part: Part, case: Case) -> bool:
        """Whether `case` is to be read as a service: see `model.serving`."""
        phases = WITHOUT_GRAPH if part is Part.DEPLOY else {Phase.STREAM}
        return case.phase in phases and case_filter(getattr(self, part))(case.id)
