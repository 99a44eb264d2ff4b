"""Starts workers, schedules launches, decides when to stop, keeps the journal."""
