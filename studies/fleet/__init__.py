"""Studies of runs on many machines."""
