"""Training runs of a plan: their order, their lanes and their results."""
