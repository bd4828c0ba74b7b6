/* SPDX-License-Identifier: MIT */
#include "config/utf8.h"

size_t xst_utf8_length(const unsigned char *s, size_t n)
{
	static const unsigned minimum[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80       ? 1
		     : s[0] >> 5 == 6  ? 2
		     : s[0] >> 4 == 14 ? 3
		     : s[0] >> 3 == 30 ? 4
				       : 0;
	unsigned long v = len > 1 ? s[0] & (0x7fu >> len) : s[0];

	if (!len || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s[i] & 0x3f);
	}
	return len > 1 && (v < minimum[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff)) ? 0
											     : len;
}

bool xst_utf8_valid(const char *s, size_t n, size_t *ret_bad)
{
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		len = xst_utf8_length((const unsigned char *)s + i, n - i);
		*ret_bad = i;
		if (!len)
			return false;
	}
	return true;
}
