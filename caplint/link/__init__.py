"""Links: facts of the whole project combined into the views that rule pages query."""
