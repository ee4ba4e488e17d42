"""The tests: folders mirror src/kbgap; builders, the seeded fleet and the slow second assessor stand beside them."""
