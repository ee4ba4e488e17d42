"""The protocol: what clients ask in OData, and the shapes of what they get, with no input or output."""
