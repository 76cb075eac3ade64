"""SQL: tables, migrations, one module for each family of rows."""
