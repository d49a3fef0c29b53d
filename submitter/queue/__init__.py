"""Due work, leases, visits, the worker and the schedule."""
