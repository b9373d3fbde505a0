"""The call graph: built for the cone that a question needs, never for whole programs."""
