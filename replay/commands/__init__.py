"""`cascade run`, `convert`, `verify`, `info`, `bench`. The other commands live in the rooms of what they show."""
