"""Views of source text that extractors share."""
