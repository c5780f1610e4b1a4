"""Where the performance figures come from: ratios measured in one run, by anybody."""
