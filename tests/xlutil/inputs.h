/* SPDX-License-Identifier: MIT */
/* Inputs for both parsers: good ones, and what a seed makes of them. */
#ifndef XLUTIL_INPUTS_H
#define XLUTIL_INPUTS_H

#include <stddef.h>
#include <stdint.h>

#define INPUT_MAX 65536

struct input {
	char s[INPUT_MAX + 1]; /* a NUL after the last byte */
	size_t n;
};

/* What is mutated: strings, up to NULL. */
extern const char *const input_texts[], *const input_disks[], *const input_rates[];

/* Further bases, out of files.  Exits when one can't be read. */
void inputs_add_files(char **paths, int n);

/* The input of a number: the bases as they are first, then mutations of them. */
void input_make(struct input *in, const char *const *bases, const char *alphabet, uint64_t number);

/* How many bases there are, files included. */
size_t inputs_count(const char *const *bases);

#endif
