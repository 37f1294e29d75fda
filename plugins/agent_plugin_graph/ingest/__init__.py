"""From files to what the graph keeps: documents as passages, tables as typed nodes."""
