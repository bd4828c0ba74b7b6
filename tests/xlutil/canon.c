/* SPDX-License-Identifier: MIT */
/* JSON of libxl_domain_config through the real libxl and out again: standard input to standard
 * output. The exit status is 1 if libxl refuses it.  Runs with nohypervisor.so in front of it. */
#include <stdio.h>
#include <stdlib.h>

#include <libxl.h>
#include <xentoollog.h>

int main(void)
{
	xentoollog_logger_stdiostream *log = xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
	libxl_domain_config config;
	libxl_ctx *ctx;
	static char text[1 << 20];
	char *again;
	size_t n = fread(text, 1, sizeof(text) - 1, stdin);

	text[n] = '\0';
	if (libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, (xentoollog_logger *)log))
		return 2;
	libxl_domain_config_init(&config);
	if (libxl_domain_config_from_json(ctx, &config, text))
		return 1;
	again = libxl_domain_config_to_json(ctx, &config);
	if (!again)
		return 2;
	fputs(again, stdout);
	free(again);
	return 0;
}
