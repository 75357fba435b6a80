"""The command `summit`: runs the platform on one machine, and does from a shell what people do with it."""
