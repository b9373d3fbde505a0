"""Times whole runs on the real sources, beside the floor and beside what else reads the same files."""
