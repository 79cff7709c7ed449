"""Pages that say which responses and passages to read next. None of them stands for reading."""
