"""Values of C's constants and macros."""
