"""The rules-based extractor that answers while the model can't: a pure function, and a small server around it."""

NAME = "summit-fallback"
"""What degraded answers carry as the model's name."""
