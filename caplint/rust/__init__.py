"""The Rust front end: it lowers a file to C text that the C front end reads. It has no knowledge of KVM."""
