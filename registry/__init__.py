"""MLflow's registry as this service uses it: publish and resolve model versions, fetch them, verify them."""
