"""Series that add a capability, for `caplint new`: each place has an author, which writes its lines."""
