"""The hosts of a fleet: how far ratios differ between them, in words and a fold."""

from rnnbench.analysis.host_effect import HostEffect
from rnnbench.model.formatting import counted
from rnnbench.report.content import Cell, Fold, Table, titled
from rnnbench.report.sentences import Phrase


def host_sentence(effect: HostEffect | None) -> str:
    """What the hosts of a run mean for its intervals; empty without hosts."""
    if effect is None:
        return ""
    if len(effect.hosts) == 1:
        return (
            "All launches ran on one host. The intervals describe that host, and not "
            "other machines of its kind."
        )
    start = f"Launches were spread over {counted(len(effect.hosts), 'host')}"
    if effect.between is None or effect.within is None:
        return (
            f"{start}, and no host repeated a ratio. The intervals include any "
            "difference between hosts."
        )
    return (
        f"{start}. A ratio varies by {effect.between:.2%} between hosts and by "
        f"{effect.within:.2%} between launches of one host (standard deviations, "
        f"over {counted(effect.ratios, 'ratio')})."
    )


def hosts_fold(effect: HostEffect | None) -> Fold | None:
    """The hosts with their launches and deviations; None for at most one host."""
    if effect is None or len(effect.hosts) < 2:
        return None
    rows = tuple(
        (
            Cell(share.host),
            Cell(str(share.launches)),
            Cell(f"{share.deviation:+.2%}".replace("-", "−")),
        )
        for share in effect.hosts
    )
    columns = titled(("host",), ("launches", "ratios, from the mean of hosts"))
    note = (
        "The hosts of a fleet have anonymous ids. An interval over launches covers "
        "other hosts of this kind only if each launch ran on a different host; with "
        "fewer hosts it describes these hosts."
    )
    return Fold(
        "hosts",
        f"Hosts: {len(effect.hosts)} measured",
        ((Phrase(host_sentence(effect)),), (Phrase(note),)),
        tables=(Table("Each host", columns, rows),),
    )
