"""History of capabilities: the releases and commits that changed each place of a capability."""
