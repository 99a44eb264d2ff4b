"""The runs and machines of a site, as its index stores them."""

from dataclasses import dataclass

from rnnbench.report.sentences import Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseRatio:
    """Ratios of a run's two layers in one phase, under PyTorch's defaults.

    `mean`: their geometric mean with its interval from `low` to `high`; None where no
    launch measured half of them. `wins`: sizes at which the candidate and at which the
    baseline is faster, of `count`.
    """

    phase: str
    mean: float | None
    low: float | None
    high: float | None
    wins: tuple[int, int]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """A run in the index.

    `digest`: sha256 of its results file. `layers`: candidate and baseline of `phases`,
    empty where the run compares no two layers. `counts`: cases by status. `learned`:
    whether the run trained layers; `headline` is then about learning.
    `has_results`: whether the results file is beside the page. `parts`: of its machine.
    """

    id: str
    created: str
    machine: str
    sweep: str
    sweep_digest: str
    question: str
    digest: str
    version: str
    commit: str | None
    torch: str
    torch_git: str | None
    parts: tuple[tuple[str, str], ...]
    headline: tuple[Phrase, ...]
    layers: tuple[str, ...]
    phases: tuple[PhaseRatio, ...]
    counts: tuple[tuple[str, int], ...]
    learned: bool
    is_reference: bool
    has_results: bool

    @property
    def rank(self) -> tuple[bool, str]:
        """A sort key by time; entries without a time count as the oldest."""
        return not self.id.startswith("undated"), self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """A night: when, and its level, with its interval where that is known."""

    created: str
    level: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendChange:
    """A new level from the point at `place` on: `share` more, 0.03 for 3 %.

    `says`: what is known of it, in words. `is_certain`: whether a test found it, and
    not only the last nights stand out.
    """

    place: int
    share: float
    says: str
    is_certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A quantity over nights. `says`: its levels in words; `unit`: of `points`."""

    title: str
    says: str
    unit: str
    points: tuple[TrendPoint, ...]
    changes: tuple[TrendChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What changed on one machine in one night, for the feed."""

    created: str
    count: int
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineNights:
    """The history of a machine in short: the number of nights, and the changes."""

    parts: tuple[tuple[str, str], ...]
    nights: int
    changes: int
    trends: tuple[Trend, ...]
    news: tuple[News, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine with its runs, the newest first.

    `traits`: what tells it from another machine of its name, in words. `best`: the run
    that stands for it, None where no run compares two layers.
    """

    id: str
    name: str
    traits: tuple[str, ...]
    torch: str
    parts: tuple[tuple[str, str], ...]
    runs: tuple[ListedRun, ...]
    best: ListedRun | None
    nights: MachineNights

    @property
    def title(self) -> str:
        """Its name with the traits that distinguish it."""
        return " · ".join((self.name, *self.traits))

    @property
    def about(self) -> str:
        """The traits that distinguish it, with the PyTorch of its newest run."""
        torch = f"PyTorch {self.torch}" if self.torch else ""
        return " · ".join(filter(None, (*self.traits, torch)))


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that was not read, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All machines, that of the newest run first; what was not read.

    `rendered`: addresses of the pages that were made in this build; all others were
    there already and hold the same.
    """

    machines: tuple[Machine, ...]
    unread: tuple[Unread, ...]
    rendered: tuple[str, ...]

    @property
    def runs(self) -> tuple[ListedRun, ...]:
        """The runs of all machines."""
        return tuple(run for machine in self.machines for run in machine.runs)
