/* SPDX-License-Identifier: MIT */
/* Sinks by their URLs: the scheme before the colon names the kind of sink, the rest its place. */
#include "cli/format_choice.h"
#include "cli/restore_options.h"

#include <stdlib.h>
#include <string.h>

/* Opens a sink.  Returns 0 or a negative enum xst_errc; XST_E_STATE: it needs image:DIR, and there is
 * none. */
typedef int (*open_fn)(const struct sink_plan *plan, const char *rest, void *ret);

struct scheme {
	const char *name;
	open_fn open;
};

/* --- domains ---------------------------------------------------------------------------------- */

static int domain_null(const struct sink_plan *plan, const char *rest, void *ret)
{
	struct xst_domain_sink *sink = ret;

	(void)plan;
	*sink = xst_sink_null();
	return *rest ? XST_E_ARG : 0;
}

static enum xst_container sinks_option_container(const char *format)
{
	return format ? xst_cli_format_parse(xst_cli_format_of_xen, format) : XST_CONTAINER_XL;
}

static int domain_exec(const struct sink_plan *plan, const char *rest, void *ret)
{
	struct xst_sink_exec_options o = { .size = sizeof(o), .command = rest,
					   .to = sinks_option_container(plan->format) };

	return *rest ? xst_sink_exec(&o, ret) : XST_E_ARG;
}

/* The directory's other two sinks stay in plan->directory for dir: and file: to take. */
static int domain_image(const struct sink_plan *plan, const char *rest, void *ret)
{
	struct xst_directory_options o = { .size = sizeof(o), .path = rest,
					   .flags = plan->sync ? XST_DIRECTORY_SYNC : 0 };
	struct xst_domain_sink *sink = ret;
	int r = xst_directory_sinks(&o, plan->directory);

	if (r == 0)
		*sink = plan->directory->domain;
	return r;
}

static const struct scheme domains[] = {
	{ "image", domain_image }, { "null", domain_null }, { "exec", domain_exec }, { 0 }
};

/* --- xenstores -------------------------------------------------------------------------------- */

static int xenstore_dir(const struct sink_plan *plan, const char *rest, void *ret)
{
	struct xst_xenstore_sink *sink = ret, *own = &plan->directory->xenstore;

	if (*rest || !own->ops)
		return *rest ? XST_E_ARG : XST_E_STATE;
	*sink = *own;
	own->ops = NULL;
	return 0;
}

static int xenstore_daemon(const struct sink_plan *plan, const char *rest, void *ret)
{
	struct xst_sink_xenstore_options o = { .size = sizeof(o), .path = *rest ? rest : NULL,
					       .root = plan->xenstore_root };
	struct xst_finding error = { 0 };
	int r;

	if (plan->force)
		o.flags = XST_SINK_XENSTORE_ANY_KEY;
	r = xst_sink_xenstore(&o, ret, &error);
	if (r == XST_E_UNSUPPORTED)
		xst_cli_say("%s", error.text);
	return r;
}

static const struct scheme xenstores[] = { { "dir", xenstore_dir },
					   { "xenstored", xenstore_daemon },
					   { 0 } };

/* --- emulators -------------------------------------------------------------------------------- */

/* The emulator's sink in the directory of image:. */
static int emulator_directory(const struct sink_plan *plan, struct xst_emulator_sink *ret)
{
	struct xst_emulator_sink *own = &plan->directory->emulator;

	if (!own->ops)
		return XST_E_STATE;
	*ret = *own;
	own->ops = NULL;
	return 0;
}

/* A folder if the path ends with a slash; without a path, the folder of image:. */
static int emulator_file(const struct sink_plan *plan, const char *rest, void *ret)
{
	struct xst_sink_emulator_file_options o = { .size = sizeof(o) };
	size_t n = strlen(rest);

	if (!n)
		return emulator_directory(plan, ret);
	if (rest[n - 1] == '/')
		o.dir = rest;
	else
		o.path = rest;
	return xst_sink_emulator_file(&o, ret);
}

static int emulator_qmp(const struct sink_plan *plan, const char *rest, void *ret)
{
	struct xst_sink_qmp_options o = { .size = sizeof(o), .path = rest };

	(void)plan;
	return *rest ? xst_sink_qmp(&o, ret) : XST_E_ARG;
}

static const struct scheme emulators[] = { { "file", emulator_file },
					   { "qmp", emulator_qmp },
					   { 0 } };

/* --- all of them ------------------------------------------------------------------------------ */

static const struct scheme *sinks_option_find(const struct scheme *schemes, const char *url,
					      size_t n)
{
	for (; schemes->name; schemes++)
		if (strlen(schemes->name) == n && strncmp(schemes->name, url, n) == 0)
			return schemes;
	return NULL;
}

/* "null:, exec:CMD" */
static int no_such(const struct verb *verb, const char *option, const char *url,
		   const struct scheme *schemes)
{
	char known[128] = "none:";

	for (; schemes->name; schemes++) {
		size_t n = strlen(known);

		snprintf(known + n, sizeof(known) - n, ", %s:", schemes->name);
	}
	return xst_cli_usage_error(verb, "--%s %s: not one of %s", option, url, known);
}

/* Returns EXIT_FINE or an exit code.  Nothing is opened for NULL and "none:". */
static int open_one(const struct verb *verb, const struct sink_plan *plan, const char *option,
		    const char *url, const struct scheme *schemes, void *ret)
{
	const char *colon = url ? strchr(url, ':') : NULL;
	const struct scheme *s;
	int r;

	if (!url || strcmp(url, "none:") == 0)
		return EXIT_FINE;
	s = colon ? sinks_option_find(schemes, url, (size_t)(colon - url)) : NULL;
	if (!s)
		return no_such(verb, option, url, schemes);
	r = s->open(plan, colon + 1, ret);
	if (r == XST_E_ARG)
		return xst_cli_usage_error(
			verb, "--%s %s: the part after the colon is not valid", option, url);
	if (r == XST_E_STATE)
		return xst_cli_usage_error(verb,
					   "--%s %s needs --domain image:DIR, but --domain is %s",
					   option, url, plan->domain ? plan->domain : "none:");
	if (r && r != XST_E_UNSUPPORTED) /* which has been reported */
		xst_cli_say("--%s %s: %s", option, url,
			    r == XST_E_NOMEM ? "out of memory" : "can't be used");
	return xst_cli_exit_for(r);
}

static int sinks_option_open_all(const struct verb *verb, const struct sink_plan *plan,
				 struct xst_restore_options *o)
{
	int code = open_one(verb, plan, "domain", plan->domain, domains, &o->domain);

	if (code == EXIT_FINE)
		code = open_one(verb, plan, "xenstore", plan->xenstore, xenstores, &o->xenstore);
	if (code == EXIT_FINE)
		code = open_one(verb, plan, "emulator", plan->emulator, emulators, &o->emulator);
	if (code == EXIT_FINE && o->domain.ops && o->domain.ops->flags & XST_DOMAIN_SINK_LIBXL &&
	    (o->xenstore.ops || o->emulator.ops))
		code = xst_cli_usage_error(
			verb,
			"the stream for --domain %s includes the device model's records; "
			"leave out --xenstore and --emulator, or use --format libxc",
			plan->domain);
	return code;
}

/* Fills in the URLs that --into implies. */
static int by_directory(const struct sink_plan *plan, struct sink_plan *ret, char **url)
{
	*ret = *plan;
	if (!plan->into)
		return 0;
	if (asprintf(url, "image:%s", plan->into) < 0)
		return -1;
	ret->domain = plan->domain ? plan->domain : *url;
	ret->xenstore = plan->xenstore ? plan->xenstore : "dir:";
	ret->emulator = plan->emulator ? plan->emulator : "file:";
	return 0;
}

/* Frees the directory's sinks that were not taken. */
static void free_rest(struct xst_directory_sinks *d)
{
	if (d->xenstore.ops)
		d->xenstore.ops->free(d->xenstore.self);
	if (d->emulator.ops)
		d->emulator.ops->free(d->emulator.self);
}

int xst_cli_sinks_open(const struct verb *verb, const struct sink_plan *plan,
		       struct xst_restore_options *o)
{
	struct xst_directory_sinks directory = { .domain.ops = NULL };
	struct sink_plan whole;
	char *url = NULL;
	int code;

	if (!plan->into && !plan->domain)
		return xst_cli_usage_error(verb, "needs a destination: --into DIR or --domain URL");
	if (by_directory(plan, &whole, &url) < 0) {
		xst_cli_say("out of memory");
		code = EXIT_TROUBLE;
	} else {
		whole.directory = &directory;
		code = sinks_option_open_all(verb, &whole, o);
	}
	free_rest(&directory);
	free(url);
	if (code != EXIT_FINE)
		xst_cli_sinks_free(o);
	return code;
}

void xst_cli_sinks_free(struct xst_restore_options *o)
{
	if (o->domain.ops)
		o->domain.ops->free(o->domain.self);
	if (o->xenstore.ops)
		o->xenstore.ops->free(o->xenstore.self);
	if (o->emulator.ops)
		o->emulator.ops->free(o->emulator.self);
	o->domain.ops = NULL;
	o->xenstore.ops = NULL;
	o->emulator.ops = NULL;
}
