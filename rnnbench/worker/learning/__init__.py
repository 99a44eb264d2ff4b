"""Trains a layer on a task, one seed at a time, and evaluates it as it learns."""
