"""What is made of a video beside its record: a page, a contact sheet, a reel."""
