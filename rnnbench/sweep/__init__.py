"""Turns a sweep into cases, or reports every mistake in it."""
