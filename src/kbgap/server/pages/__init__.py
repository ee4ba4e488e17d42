"""The web pages for people with a browser, rendered on the server."""
