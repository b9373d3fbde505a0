"""Series of a new capability: composed from the plans of the projects, and written as mails."""
