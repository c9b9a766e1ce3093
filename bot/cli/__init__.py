"""The command line: one command a file, found by being here; its first docstring line is its help."""
