"""The front door: one answer to every caller in time, by the model where it can and by the rules where it can't."""
