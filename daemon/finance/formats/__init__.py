"""File formats that payouts, invoices and bank statements come in; one module each, all read to the same rows."""
