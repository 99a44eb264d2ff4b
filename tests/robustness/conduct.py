"""Measures layers of a user's beside nn.LSTM and nn.GRU, and prints what came of it.

    python -m tests.robustness.conduct --mark MARK LAYER...

A line of JSON: for each layer its status, reason, turns, and the state that it changed
in its process; the same of PyTorch's layers in each workload; and how long requests
took that ended in a timeout. MARK is the last
argument of every worker, so that whatever they leave behind can be found by it.
"""

import argparse
import asyncio
import json
import sys
import time

from rnnbench.model.case import TORCH_LAYERS, Case, Phase
from rnnbench.model.policy import Policy
from rnnbench.model.status import Status
from rnnbench.model.workload import DEFAULT_COMPARE, group
from rnnbench.runner import launch_context
from rnnbench.runner.journal import Header, Journal
from rnnbench.runner.launch import Order
from rnnbench.runner.launch_context import LaunchContext
from rnnbench.runner.launcher import Work
from rnnbench.runner.results import JournalReader
from rnnbench.runner.scheduler import Campaign, survey
from rnnbench.runner.worker_process import COMMAND, Worker, WorkerDeathError

# Layers of the user's in a workload: after a death, the others are prepared once more.
CHUNK = 6
HEADER = Header(sweep="s", digest="d", policy="p", machine="m")


class WithoutMemory(Campaign):
    """Half the processes of a campaign, where the peak memory is not the question."""

    async def _probe(self, work, wanted, number=0):
        if work is not Work.MEMORY:
            await super()._probe(work, wanted, number)


def conduct(options):
    """The results of a campaign."""
    chunks = [
        options.layers[n : n + CHUNK] for n in range(0, len(options.layers), CHUNK)
    ]
    cases = [
        Case(
            layer=layer,
            input_size=8,
            hidden_size=16 + place,
            seq_len=4,
            batch_size=2,
            phase=options.phase,
        )
        for place, chunk in enumerate(chunks or [[]])
        for layer in ("lstm", "gru", *chunk)
    ]
    policy = Policy(
        precision=0.9, launches=options.launches, budget=3600, time_limit=options.limit
    )
    order = Order(
        workloads=group(cases, DEFAULT_COMPARE),
        policy=policy,
        command=(*COMMAND, options.mark),
    )
    kind = Campaign if options.memory else WithoutMemory

    async def run():
        environment, reasons = await survey(cases, order.command)
        with Journal.start(None, HEADER, resume=False) as journal:
            campaign = kind(order, environment, journal, lambda _: None)
            await campaign.run(reasons)
        return campaign

    campaign = asyncio.run(run())
    return JournalReader(order, campaign.journal, "not begun").results()


def share_a_process():
    """From now on layers of the user's share one, unless it died of one of them."""
    real = LaunchContext.process_of

    def process_of(self, case):
        name = real(self, case)
        return "together" if name and name == case.process else name

    LaunchContext.process_of = process_of


def note_timeouts(seconds):
    """From now on append how long each request took that ended in a timeout."""
    real = Worker.ask

    async def ask(self, *arguments, **limits):
        began = time.monotonic()
        try:
            return await real(self, *arguments, **limits)
        except WorkerDeathError as death:
            if death.status is Status.TIMEOUT:
                seconds.append(time.monotonic() - began)
            raise

    Worker.ask = ask


def main():
    """Print the results as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mark", required=True)
    parser.add_argument("--launches", type=int, default=1)
    parser.add_argument("--limit", type=float, default=120.0)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--phase", type=Phase, default=Phase.INFERENCE)
    parser.add_argument("--together", action="store_true")
    parser.add_argument("layers", nargs="*")
    options = parser.parse_args()
    # A second trial is tested with workers that start faster.
    launch_context.MOST_DEATHS = 1
    if options.together:
        share_a_process()
    timeouts = []
    note_timeouts(timeouts)
    results = [
        (
            result.case.layer,
            {
                "status": result.status,
                "reason": result.reason,
                "turns": [turns.seconds for turns in result.turns],
                "changes": result.process_changes,
                "peak_memory": result.peak_memory,
                "memory_reason": result.memory_reason,
            },
        )
        for result in conduct(options)
    ]
    document = {
        "results": dict(results),
        "neighbours": [found for layer, found in results if layer in TORCH_LAYERS],
        "timeouts": timeouts,
    }
    sys.stdout.write(json.dumps(document) + "\n")


if __name__ == "__main__":
    main()
