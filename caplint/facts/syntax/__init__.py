"""Views of source text, shared by extractors."""
