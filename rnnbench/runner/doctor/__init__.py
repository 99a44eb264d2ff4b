"""The state of the machine that measuring depends on, as `doctor` shows it."""
