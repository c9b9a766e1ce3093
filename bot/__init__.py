"""The shell round the engine: it reads clocks, files and networks, and does what the rules decided."""
