/* Page views by themselves: of this address, and of those that a single-page app goes to. */
looks.push(page);
