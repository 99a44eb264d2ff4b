"""Reads and writes files: strict JSON, written completely or not at all."""
