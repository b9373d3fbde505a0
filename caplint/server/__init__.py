"""Language server: the findings, places and cards of the trees in an editor, over buffers that are not saved yet."""
