"""Operators, memory, traces and ceilings; never part of a timed call."""
