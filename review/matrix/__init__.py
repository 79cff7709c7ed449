"""The matrix of the Framework method: codes down, the answers to a closed question across."""
