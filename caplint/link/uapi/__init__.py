"""UAPI headers: capabilities and layouts."""
