"""Compiles what `caplint new` writes, in Debian's sources of Linux and QEMU (`make compile-new`)."""
