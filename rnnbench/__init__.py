"""Benchmarks for the recurrent layers of torch.nn, side by side on this machine."""

__version__ = "0.1.0"
