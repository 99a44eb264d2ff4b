"""The measuring process, and the only importer of torch.

It reads jobs and writes answers as `worker.protocol` defines them. It imports torch,
numpy and the standard library only, so that it runs under any interpreter with those.
"""
