"""Facts: rows extracted from the text of single files, stored by content."""
