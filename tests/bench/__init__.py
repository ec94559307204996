"""Benchmarks of the installed batchscope beside what people would use instead; `scripts/bench` runs them."""
