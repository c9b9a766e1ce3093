"""Where prices come from: one source a file, all behind one contract, found by being here."""
