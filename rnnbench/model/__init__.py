"""Cases, workloads, costs and the content of a run; standard library only."""
