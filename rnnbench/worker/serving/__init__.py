"""A case as a service: single steps, streams under load, and its deployment."""
