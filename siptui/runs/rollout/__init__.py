"""A rollout: what all runs of a list, the tenant's batches and the inventory come to together."""
