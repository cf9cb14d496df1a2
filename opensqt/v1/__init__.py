"""Generated protobuf messages; only the codec reads them."""
