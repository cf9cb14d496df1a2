"""What every venue needs: request budget, clock offset, sockets, books."""
