"""Inputs that a fuzzer makes for the front end, and what must hold of every one."""
