"""Launches on many machines: a head, its nodes, and the errands sent to them."""
