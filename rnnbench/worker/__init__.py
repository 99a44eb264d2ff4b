"""The worker: a fresh process that measures; the only place that imports torch.

It reads jobs and writes answers as `worker.protocol` says, and imports torch, numpy and
the standard library only, so it runs with any interpreter that has those.
"""
