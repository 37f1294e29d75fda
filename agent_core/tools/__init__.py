"""What tools and plugins are: their declaration, their schema, where they come from, and how a call is carried out."""
