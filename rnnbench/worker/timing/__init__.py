"""Clocks, turns, rounds and the canary that detects a busy core."""
