"""What is said of a run, in the order in which a reader asks."""

from rnnbench.analysis.ratio import ratios
from rnnbench.model.run import Run
from rnnbench.report.content import Page
from rnnbench.report.sections.answer import answer
from rnnbench.report.sections.cases import every_case, first_calls
from rnnbench.report.sections.claimed import claims
from rnnbench.report.sections.effects import backends, knobs
from rnnbench.report.sections.method import method
from rnnbench.report.sections.tradeoff import tradeoff
from rnnbench.report.sections.used import uses
from rnnbench.report.sections.why import why


def page(run: Run, calibration: tuple[str, ...] = (), link: str = "") -> Page:
    """The page of a run; a section that has nothing to say is left out.

    `calibration`: what is known of the harness on that machine, in sentences; `link`
    leads to all of it.
    """
    found = ratios(run)
    machine = (
        run.environment.gpu or run.environment.cpu_model or run.environment.machine
    )
    sections = (
        answer(run, found),
        tradeoff(found, run),
        backends(found),
        knobs(found),
        why(run),
        first_calls(run),
        claims(run, found),
        uses(run, found),
        every_case(run),
        method(run, calibration, link),
    )
    return Page(
        title=f"rnnbench: {run.sweep.name}",
        subtitle=f"{run.sweep.question} Measured on {machine}, {run.created}.".strip(),
        sections=tuple(section for section in sections if section is not None),
    )
