"""How a process of ours serves: listening, readiness, draining, and KServe's ModelServer as the stages' shell."""
