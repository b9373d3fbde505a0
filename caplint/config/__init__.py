"""Configuration: keys, files and trust."""
