"""Canary rollouts: an MLflow alias moves, evidence decides."""
