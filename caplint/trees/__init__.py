"""Trees: named sources of files with a role; their users need not know where the files come from."""
