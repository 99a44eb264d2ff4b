"""Files on disk: strict JSON, written whole or not at all."""
