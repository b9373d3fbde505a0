"""Facts: rows that say what one file's text says, extracted by content and kept in a store."""
