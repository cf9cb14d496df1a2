"""Generated from `proto/opensqt/api/v1` by `make proto`; only the gRPC shell reads it."""
