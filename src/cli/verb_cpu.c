/* SPDX-License-Identifier: MIT */
#include "cli/guest_view.h"

#include <limits.h>
#include <string.h>

#define EVERY_VCPU INT_MIN

static struct {
	int json, vcpu;
} opt;

static const struct poptOption table[] = {
	{ "vcpu", 'c', POPT_ARG_INT, &opt.vcpu, 0, "this one only, by its number", "N" },
	{ "json", 'j', POPT_ARG_NONE, &opt.json, 0, "one JSON document", NULL },
	POPT_TABLEEND
};

static int cpu(int argc, const char **argv);

const struct verb xst_cli_verb_cpu = {
	.name = "cpu",
	.arguments = "FILE",
	.summary = "Show the registers of each vCPU and the hypervisor's devices",
	.example = "  xenstream cpu old.save\n"
		   "  xenstream cpu --vcpu 1 --json old.save | jq '.vcpus[0].registers.rip'",
	.run = cpu,
};

static bool is_there(const struct xst_state *s, uint32_t vcpu)
{
	uint32_t id;

	for (size_t i = 0; xst_state_vcpu(s, i, &id) == 0; i++)
		if (vcpu == UINT32_MAX || vcpu == id)
			return true;
	return false;
}

static int show_guest(const char *file, const struct xst_state *s, uint32_t vcpu, int code)
{
	if (!is_there(s, vcpu)) {
		if (vcpu == UINT32_MAX)
			xst_cli_say("%s: no vCPU's registers are in it", xst_cli_input_name(file));
		else
			xst_cli_say("%s: no registers of vCPU %u are in it",
				    xst_cli_input_name(file), vcpu);
		code = code ? code : EXIT_INVALID;
	}
	if (opt.json)
		xst_cli_print_json(stdout, xst_cli_guest_json(xst_cli_input_name(file), s, vcpu),
				   JSON_C_TO_STRING_PRETTY);
	else
		xst_cli_guest_print(stdout, s, vcpu);
	return code;
}

static int cpu_of_file(const char *file)
{
	struct xst_state *s;
	int code = xst_cli_guest_read(file, &s);
	struct xst_block b = { .size = sizeof(b) };

	if (s && (xst_state_block(s, 0, &b) == 0 || !code)) /* something was learned */
		code = show_guest(file, s, opt.vcpu == EVERY_VCPU ? UINT32_MAX : (uint32_t)opt.vcpu,
				  code);
	xst_state_free(s);
	return code;
}

static int cpu(int argc, const char **argv)
{
	int code = EXIT_FINE;
	poptContext ctx;
	const char *file;

	opt.vcpu = EVERY_VCPU;
	ctx = xst_cli_options_parse(&xst_cli_verb_cpu, argc, argv, table, &code);
	if (!ctx)
		return code;
	file = xst_cli_options_argument(ctx);
	if (!file || xst_cli_options_argument(ctx))
		code = xst_cli_names_error(&xst_cli_verb_cpu, "one name: FILE");
	else if (opt.vcpu < 0 && opt.vcpu != EVERY_VCPU)
		code = xst_cli_usage_error(&xst_cli_verb_cpu, "--vcpu %d: the first is 0",
					   opt.vcpu);
	else
		code = cpu_of_file(file);
	poptFreeContext(ctx);
	return code;
}
