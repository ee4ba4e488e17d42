"""The HTTP surface: routes, permissions and errors over the operations."""
