"""Code that macros expand to."""
