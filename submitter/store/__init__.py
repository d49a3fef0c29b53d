"""Tables, migrations and one repository per aggregate, the same code on SQLite and PostgreSQL."""
