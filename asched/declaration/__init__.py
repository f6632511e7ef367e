"""Reads what people write about a job: decorator, options, signature; finds everything that is wrong with it, at once.

Must not know: configuration files, the service, the engine's insides.
"""
