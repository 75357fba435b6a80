"""The KServe predictor: tensors in, label ids and scores out, for one MLflow version."""
