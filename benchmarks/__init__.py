"""Measured claims: asched beside its peers and beside the limit, the same work for all.

python -m benchmarks [--quick] [WORKLOAD ...]
"""
