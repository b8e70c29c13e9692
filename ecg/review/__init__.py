"""What a person does with a reading: check it by the overlay, correct it by hand."""
