"""Ways to find what to read next. Each says how it found what it shows; none reads for anybody."""
