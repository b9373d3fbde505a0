"""Style of the code around a place."""
