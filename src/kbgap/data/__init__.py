"""The data files that the program needs at run time: vendor facts are data, never code."""
