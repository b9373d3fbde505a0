"""Trees: named sources of files with a role. What uses one cannot tell what is behind it."""
