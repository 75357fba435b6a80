"""The whole path in one process, for workers that hold the model themselves."""
