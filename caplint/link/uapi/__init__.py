"""The UAPI headers: capabilities and layouts."""
