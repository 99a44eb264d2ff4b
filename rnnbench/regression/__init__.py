"""Detects slowdowns between two runs, between two versions, and over many nights."""
