"""Letters and court papers that reach the register by post, with their last days."""
