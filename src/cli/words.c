/* SPDX-License-Identifier: MIT */
/* Text that is safe on a terminal; sizes and errors in words. */
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/utf8.h"

void xst_cli_tame(char *s)
{
	size_t n = strlen(s), k = 0;

	for (size_t i = 0; i < n;) {
		const unsigned char *c = (const unsigned char *)s + i;
		size_t len = xst_utf8_length(c, n - i);
		bool control = c[0] < ' ' || c[0] == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0);

		i += len ? len : 1;
		if (!len || control) {
			s[k++] = '?';
		} else {
			memmove(s + k, c, len);
			k += len;
		}
	}
	s[k] = '\0';
}

void xst_cli_print_text(FILE *to, const char *s)
{
	char *copy = strdup(s);

	if (copy)
		xst_cli_tame(copy);
	fputs(copy ? copy : "out of memory", to);
	free(copy);
}

const char *xst_cli_human_size(uint64_t bytes, char *buf, size_t size)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)bytes;
	unsigned i = 0;

	while (v >= 1024 && i < 6) {
		v /= 1024;
		i++;
	}
	if (i == 0)
		snprintf(buf, size, "%llu bytes", (unsigned long long)bytes);
	else
		snprintf(buf, size, "%.1f %s", v, units[i]);
	return buf;
}

const char *xst_cli_system_words(int err)
{
	switch (err) {
	case EPIPE:  return "the program reading the output has exited";
	case ENOSPC: return "no space left on the device";
	case EDQUOT: return "the disk quota is exceeded";
	case ECONNREFUSED: return "nothing is listening there; start the other side first";
	default:     return strerror(err);
	}
}

int xst_cli_stdout_error(void)
{
	static int err;

	if (!err && ferror(stdout))
		err = errno ? errno : EIO;
	return err;
}
