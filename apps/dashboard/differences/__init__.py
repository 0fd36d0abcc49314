"""What a plan changes, as a person reads it: lines, words inside a line, noise folded, risks in sentences. Pure."""
