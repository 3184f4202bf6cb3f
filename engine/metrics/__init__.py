"""What the environments did, in numbers: counters, latencies and rates in bounded memory."""
