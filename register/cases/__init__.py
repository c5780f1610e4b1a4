"""The cases: model, vocabulary, rules, acts, lists, counts and verification."""
