"""PostgreSQL, RabbitMQ, Redis, S3 and Prometheus as processes of this machine: how each is made, started and asked."""
