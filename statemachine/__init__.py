"""The pure core of Homeward: states, events, rules and the decisions made from them. No I/O, no clock."""
