"""The rendered manifests on a Docker engine. Never asks a cluster."""
