"""Who asks: tokens, keys, clients and the permissions they carry."""
