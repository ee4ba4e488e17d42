"""How often kbgap is right, by product family, on labels that its judging did not read (``make accuracy``)."""
