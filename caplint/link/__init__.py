"""Links: what needs the whole project. They fill the views that rule pages speak in."""
