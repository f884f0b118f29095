"""The import lines of Google's packages: ``from trackway.google.cloud import aiplatform``."""
