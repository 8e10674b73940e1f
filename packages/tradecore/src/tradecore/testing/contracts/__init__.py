"""The promises of each port as tests: subclass a contract and provide its fixtures."""
