"""The JSON API for programs: endpoints as data, their description generated from them."""
