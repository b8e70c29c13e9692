"""What a person is given: the report and its drawing."""
