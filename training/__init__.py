"""Trains, judges and ships the model versions that the project comes with. Runs on a developer's machine, never in a pod."""
