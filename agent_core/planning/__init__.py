"""From a request to a plan that can be checked, shown, edited and run."""
