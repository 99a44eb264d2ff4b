"""What there is to be measured, by its names: read by those that have no torch."""

WORKLOADS = ("small", "middle", "large")
LAYERS = ("lstm", "gru", "lstm_slow")
CELLS = tuple(f"{workload}/{layer}" for workload in WORKLOADS for layer in LAYERS)
