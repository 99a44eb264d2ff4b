"""The layers that, according to their profiles, run in one fused kernel."""

from rnnbench.model.profile import Kind, Profile
from rnnbench.report.sentences import Sentence, named, say
from rnnbench.report.view import RunView

# Below this share of a call, a fused kernel does not explain its time.
_AT_LEAST = 0.3


def fused_share(profile: Profile) -> float:
    """The share of a profiled call that was spent in fused recurrent kernels."""
    return dict(profile.kinds).get(Kind.FUSED, 0.0) / profile.seconds


def is_fused(profile: Profile) -> bool:
    """Whether fused recurrent kernels take most of a profiled call."""
    return profile.seconds > 0 and fused_share(profile) > _AT_LEAST


def fused_sentence(view: RunView) -> Sentence:
    """Which of the two layers has a fused kernel, where profiles show it for one."""
    if view.main is None:
        return ()
    candidate, baseline = (_shares(view, layer) for layer in view.main.layers)
    if not candidate or not baseline:
        return ()
    fused, plain = view.main.layers
    if max(baseline) > _AT_LEAST:
        fused, plain, candidate, baseline = plain, fused, baseline, candidate
    if max(candidate) <= _AT_LEAST or max(baseline) > 0:
        return ()
    return say(
        " Profiles show one fused kernel for the {fused} and none for the {plain}.",
        fused=named(fused),
        plain=named(plain),
    )


def _shares(view: RunView, layer: str) -> list[float]:
    profiles = [each.result.profile for each in view.cases if each.layer == layer]
    return [fused_share(one) for one in profiles if one and one.seconds > 0]
