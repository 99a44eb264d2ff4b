"""A site of many runs: index, machines, nights."""
