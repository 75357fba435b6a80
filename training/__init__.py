"""Trains and judges the model versions that the project ships. For a developer's machine, never in a pod."""
