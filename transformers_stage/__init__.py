"""The KServe transformer: text in, entities out, tensors between. In the predictor's pod, and of its model version."""
