"""Series that add a capability: what `caplint new` writes, place by place."""
