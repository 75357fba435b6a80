"""Batch jobs: CloudEvents in, a ledger of jobs and chunks, results and CloudEvents out."""
