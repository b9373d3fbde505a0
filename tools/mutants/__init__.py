"""Mutation testing of the links and the rule engine: small faults, one at a time, of which some test must fail."""
