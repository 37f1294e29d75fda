"""Reading the public web: addresses that are checked, requests that are bounded, and the text of what comes back."""
