/* SPDX-License-Identifier: MIT */
#ifndef DOCS_GENERATE_H
#define DOCS_GENERATE_H

/* Prints the page on the guest's state; note: what each page says of where it comes from. */
void xst_docs_print_state(const char *note);

#endif
