"""The audit: recorded events recomputed from the rules they name and the bars as they were known then. Reads the store,
writes nothing."""
