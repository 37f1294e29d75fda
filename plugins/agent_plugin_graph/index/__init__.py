"""From a passage's text to what the index keeps of it: its terms and its entities."""
