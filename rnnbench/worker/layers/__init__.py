"""Turns a case into a layer, its input, and a step that can be called."""
