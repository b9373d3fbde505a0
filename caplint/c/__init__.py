"""The tolerant C front end: exact lexing, presence conditions, repair, variants. It knows no KVM."""
