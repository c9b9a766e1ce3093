"""The vocabulary of the rule language, one file a family; a new function stands in its family's file alone."""
