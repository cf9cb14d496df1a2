"""What `opensqt up` needs: data folder, embedded servers, supervisor."""
