"""Readings of a case beside timed launches: memory, profile, energy, service."""
