"""Call graph, built only for the cone of callers that a question needs."""
