"""The fleet and the catalogue in SQL: the only room that speaks to the database."""
