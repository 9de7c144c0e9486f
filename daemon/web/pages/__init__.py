"""Pages for people: each module one part of the site, its handlers and the data its template needs."""
