"""The pages of a sample's agreement, which hang off the sample."""
