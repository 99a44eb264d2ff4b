"""Reads operators, memory, traces and ceilings, never within a timed call."""
