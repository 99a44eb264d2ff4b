"""Research about the harness itself; not part of the package."""
