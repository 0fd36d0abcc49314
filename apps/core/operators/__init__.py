"""Django's admin, for the people who run the installation: it sees every organization, changes next to nothing, and
is written down in the audit of the organization it looks at."""
