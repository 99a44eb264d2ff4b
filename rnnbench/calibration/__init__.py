"""The self-check of a machine: layers of known speed, and the verdicts on them."""
