"""Ratios, intervals, verdicts and causes, computed from the turns of a run."""
