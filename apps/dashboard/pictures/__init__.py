"""What a page shows, as plain values. Page and push are made of the same picture by the same templates."""
