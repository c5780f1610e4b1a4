"""Web face of the journal: the public journal, the members' journal and its sentences."""
