"""The order of a run, and the share of it that one launch measures."""

from dataclasses import dataclass, field

from rnnbench.model.case import Case, Device
from rnnbench.model.policy import Policy
from rnnbench.model.run import References
from rnnbench.model.workload import Workload
from rnnbench.runner.lanes import Lane, lanes
from rnnbench.runner.learning.learning_order import DescribedPlan
from rnnbench.runner.worker_env import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Workloads and how they are measured.

    `stop_at_failure`: no case is begun after one has failed. `smoke`: each case once,
    to see that it runs. `traces`: the folder for the traces of profiled cases, if any.
    `command` starts a worker, if not our own. `lanes`: for launches side by side;
    `gpu_lanes`: for launches on a GPU. `learning`: what is trained after that.
    `references`: see SweepRecord.
    """

    workloads: tuple[Workload, ...]
    policy: Policy
    stop_at_failure: bool = False
    smoke: bool = False
    traces: str | None = None
    command: tuple[str, ...] = ()
    lanes: tuple[Lane, ...] = field(default_factory=lanes)
    gpu_lanes: tuple[Lane, ...] = (Lane(),)
    learning: DescribedPlan | None = None
    references: References = ()

    @property
    def cases(self) -> tuple[Case, ...]:
        """Every member of every workload."""
        return tuple(case for one in self.workloads for case in one.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Workloads for fresh processes.

    `large`: they need more than a lane's memory. `gpu`: the UUID of the GPU to use;
    empty: as CUDA chooses.
    """

    number: int
    setting: Setting
    workloads: tuple[Workload, ...]
    large: bool = False
    gpu: str = ""

    @property
    def cases(self) -> tuple[Case, ...]:
        """Every member of every workload."""
        return tuple(case for one in self.workloads for case in one.members)

    @property
    def on_cpu(self) -> bool:
        """Whether no member of it needs another device."""
        return all(case.device is Device.CPU for case in self.cases)

    @property
    def goes_beside(self) -> bool:
        """Whether another launch may run at the same time, on another core."""
        return self.on_cpu and self.setting.threads == 1 and not self.large

    @property
    def fits_gpu_lane(self) -> bool:
        """Whether it needs a GPU and no more than one core beside it."""
        on_gpu = all(case.device is Device.CUDA for case in self.cases)
        return on_gpu and self.setting.threads == 1


def setting_of(workload: Workload) -> Setting:
    """The setting of processes for `workload`; its members agree on it."""
    one = workload.members[0]
    deterministic = any(case.deterministic for case in workload.members)
    return Setting(
        threads=one.threads, allocator=one.allocator, deterministic=deterministic
    )
