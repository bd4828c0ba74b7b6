/* SPDX-License-Identifier: MIT */
#include "cli/guest_view.h"

#include <inttypes.h>
#include <string.h>

#include "cli/host.h"

static struct {
	int json;
	char *against;
} opt;

static const struct poptOption table[] = {
	{ "against", 'a', POPT_ARG_STRING, &opt.against, 0,
	  "tell what this file's policy, or this machine, lacks of it", "FILE|host" },
	{ "json", 'j', POPT_ARG_NONE, &opt.json, 0, "one JSON document", NULL },
	POPT_TABLEEND
};

static int cpuid(int argc, const char **argv);

const struct verb xst_cli_verb_cpuid = {
	.name = "cpuid",
	.arguments = "FILE",
	.summary = "Show the CPUID and MSR policies, and the features that another machine lacks",
	.example = "  xenstream cpuid new.save\n"
		   "  xenstream cpuid --against host new.save",
	.run = cpuid,
};

/* --- one policy ----------------------------------------------------------------------------- */

static void text_of_registers(char *buf, const uint32_t *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < 4; k++)
			*buf++ = (char)(words[i] >> 8 * k & 0xff);
	*buf = '\0';
}

static bool vendor_of(const struct xst_state *s, char buf[13])
{
	struct xst_cpuid_leaf l;

	if (xst_state_cpuid_leaf(s, 0, 0, &l))
		return false;
	text_of_registers(buf, (uint32_t[]){ l.ebx, l.edx, l.ecx }, 3);
	return true;
}

static bool brand_of(const struct xst_state *s, char buf[49])
{
	struct xst_cpuid_leaf l;

	for (unsigned i = 0; i < 3; i++) {
		if (xst_state_cpuid_leaf(s, 0x80000002u + i, 0, &l))
			return false;
		text_of_registers(buf + 16 * i, (uint32_t[]){ l.eax, l.ebx, l.ecx, l.edx }, 4);
	}
	return true;
}

struct model {
	unsigned family, model, stepping;
};

static bool model_of(const struct xst_state *s, struct model *ret)
{
	struct xst_cpuid_leaf l;
	unsigned family, model;

	if (xst_state_cpuid_leaf(s, 1, 0, &l))
		return false;
	family = l.eax >> 8 & 15;
	model = l.eax >> 4 & 15;
	if (family == 6 || family == 15)
		model |= l.eax >> 12 & 0xf0;
	ret->family = family == 15 ? family + (l.eax >> 20 & 0xff) : family;
	ret->model = model;
	ret->stepping = l.eax & 15;
	return true;
}

static void print_processor(const struct xst_state *s)
{
	char text[49];
	struct model m;

	if (vendor_of(s, text)) {
		fputs("Vendor    ", stdout);
		xst_cli_print_text(stdout, text);
		fputc('\n', stdout);
	}
	if (brand_of(s, text)) {
		fputs("Name      ", stdout);
		xst_cli_print_text(stdout, text + strspn(text, " "));
		fputc('\n', stdout);
	}
	if (model_of(s, &m))
		printf("Model     family %u, model %u, stepping %u\n", m.family, m.model,
		       m.stepping);
}

static void print_leaves(const struct xst_state *s)
{
	struct xst_cpuid_leaf l;
	struct xst_msr_value m;

	puts("\nleaf     sub-leaf      eax      ebx      ecx      edx");
	for (size_t i = 0; xst_state_cpuid(s, i, &l) == 0; i++) {
		char sub[16] = "-";

		if (l.subleaf != UINT32_MAX)
			snprintf(sub, sizeof(sub), "%x", l.subleaf);
		printf("%08x %8s %08x %08x %08x %08x\n", l.leaf, sub, l.eax, l.ebx, l.ecx, l.edx);
	}
	for (size_t i = 0; xst_state_msr(s, i, &m) == 0; i++) {
		const char *name = xst_msr_name(m.index);

		printf("MSR %#x %s = %#" PRIx64 "\n", m.index, name ? name : "", m.value);
	}
}

static void print_features(const struct xst_state *s)
{
	struct xst_feature f;
	size_t column = 0;

	fputs("\nFeatures", stdout);
	for (size_t i = 0; xst_feature(i, &f) == 0; i++) {
		if (xst_state_has_feature(s, &f) != 1)
			continue;
		if (!column || column + strlen(f.name) + 1 > 96) {
			fputs("\n ", stdout);
			column = 1;
		}
		column += (size_t)printf(" %s", f.name);
	}
	fputs(column ? "\n" : " none\n", stdout);
}

/* --- against another ------------------------------------------------------------------------ */

typedef void (*lacking_fn)(void *userdata, const struct xst_feature *f);

/* Calls back for what `wanted` has and `other` has not.  Returns how many there are. */
static size_t lacking(const struct xst_state *wanted, const struct xst_state *other,
		      lacking_fn tell, void *userdata)
{
	struct xst_feature f;
	size_t n = 0;

	for (size_t i = 0; xst_feature(i, &f) == 0; i++)
		if (!f.varies && xst_state_has_feature(wanted, &f) == 1 &&
		    xst_state_has_feature(other, &f) != 1) {
			n++;
			tell(userdata, &f);
		}
	return n;
}

static void print_lacking(void *unused, const struct xst_feature *f)
{
	static const char *const regs[] = { "eax", "ebx", "ecx", "edx" };

	(void)unused;
	if (f->is_msr)
		printf("  %-20s MSR %#x bit %u\n", f->name, f->leaf,
		       f->bit + (f->reg == 3 ? 32 : 0));
	else
		printf("  %-20s leaf %#x, sub-leaf %u, %s bit %u\n", f->name, f->leaf, f->subleaf,
		       regs[f->reg], f->bit);
}

static void add_lacking(void *array, const struct xst_feature *f)
{
	json_object_array_add(array, json_object_new_string(f->name));
}

static void print_against(const struct xst_state *s, const struct xst_state *other)
{
	bool is_host = strcmp(opt.against, "host") == 0;

	fputs(is_host ? "\nThis machine" : "\nThe policy of ", stdout);
	if (!is_host)
		xst_cli_print_text(stdout, opt.against);
	puts(" lacks:");
	if (!lacking(s, other, print_lacking, NULL))
		puts("  nothing that has a name here");
}

/* --- JSON ----------------------------------------------------------------------------------- */

static json_object *leaf_json(const struct xst_cpuid_leaf *l)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "leaf", xst_cli_json_u64(l->leaf));
	json_object_object_add(o, "subleaf",
			       l->subleaf == UINT32_MAX ? NULL : xst_cli_json_u64(l->subleaf));
	json_object_object_add(o, "eax", xst_cli_json_u64(l->eax));
	json_object_object_add(o, "ebx", xst_cli_json_u64(l->ebx));
	json_object_object_add(o, "ecx", xst_cli_json_u64(l->ecx));
	json_object_object_add(o, "edx", xst_cli_json_u64(l->edx));
	return o;
}

static json_object *policy_msr_json(const struct xst_msr_value *m)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "index", xst_cli_json_u64(m->index));
	if (xst_msr_name(m->index))
		json_object_object_add(o, "name", json_object_new_string(xst_msr_name(m->index)));
	json_object_object_add(o, "value", xst_cli_json_u64(m->value));
	return o;
}

static void processor_json(json_object *o, const struct xst_state *s)
{
	char text[49];
	struct model m;

	if (vendor_of(s, text))
		json_object_object_add(o, "vendor", xst_cli_json_text(text, strlen(text)));
	if (brand_of(s, text))
		json_object_object_add(o, "name", xst_cli_json_text(text, strlen(text)));
	if (!model_of(s, &m))
		return;
	json_object_object_add(o, "family", xst_cli_json_u64(m.family));
	json_object_object_add(o, "model", xst_cli_json_u64(m.model));
	json_object_object_add(o, "stepping", xst_cli_json_u64(m.stepping));
}

static json_object *features_json(const struct xst_state *s)
{
	json_object *a = json_object_new_array();
	struct xst_feature f;

	for (size_t i = 0; xst_feature(i, &f) == 0; i++)
		if (xst_state_has_feature(s, &f) == 1)
			json_object_array_add(a, json_object_new_string(f.name));
	return a;
}

static json_object *policies_json(const char *file, const struct xst_state *s,
				  const struct xst_state *other)
{
	json_object *o = json_object_new_object(), *leaves = json_object_new_array();
	json_object *msrs = json_object_new_array(), *lacks;
	struct xst_cpuid_leaf l;
	struct xst_msr_value m;

	json_object_object_add(o, "schema", json_object_new_string("xenstream-cpuid/1"));
	json_object_object_add(o, "file", xst_cli_json_text(file, strlen(file)));
	processor_json(o, s);
	for (size_t i = 0; xst_state_cpuid(s, i, &l) == 0; i++)
		json_object_array_add(leaves, leaf_json(&l));
	for (size_t i = 0; xst_state_msr(s, i, &m) == 0; i++)
		json_object_array_add(msrs, policy_msr_json(&m));
	json_object_object_add(o, "leaves", leaves);
	json_object_object_add(o, "msrs", msrs);
	json_object_object_add(o, "features", features_json(s));
	if (!other)
		return o;
	lacks = json_object_new_array();
	lacking(s, other, add_lacking, lacks);
	json_object_object_add(o, "against", xst_cli_json_text(opt.against, strlen(opt.against)));
	json_object_object_add(o, "lacking", lacks);
	return o;
}

/* --- the verb ------------------------------------------------------------------------------- */

/* EXIT_REMARKS: the other one lacks something. */
static int show_policies(const char *file, const struct xst_state *s, const struct xst_state *other)
{
	json_object *unused = json_object_new_array();
	size_t n = other ? lacking(s, other, add_lacking, unused) : 0;

	json_object_put(unused);
	if (opt.json) {
		xst_cli_print_json(stdout, policies_json(xst_cli_input_name(file), s, other),
				   JSON_C_TO_STRING_PRETTY);
	} else {
		print_processor(s);
		print_leaves(s);
		print_features(s);
		if (other)
			print_against(s, other);
	}
	return n ? EXIT_REMARKS : EXIT_FINE;
}

static bool has_policy(const char *file, const struct xst_state *s)
{
	struct xst_cpuid_leaf l;

	if (s && xst_state_cpuid(s, 0, &l) == 0)
		return true;
	xst_cli_say("%s: there is no CPUID policy in it; images have one since Xen 4.14",
		    xst_cli_input_name(file));
	return false;
}

static int other_policy(struct xst_state **ret)
{
	int code;

	if (strcmp(opt.against, "host") == 0)
		return xst_cli_host_policy(ret);
	code = xst_cli_guest_read(opt.against, ret);
	return code ? code : has_policy(opt.against, *ret) ? EXIT_FINE : EXIT_INVALID;
}

static int cpuid_of_file(const char *file)
{
	struct xst_state *s = NULL, *other = NULL;
	int code = xst_cli_guest_read(file, &s), shown;
	struct xst_cpuid_leaf l;

	if (!code && !has_policy(file, s))
		code = EXIT_INVALID;
	if (!code && opt.against)
		code = other_policy(&other);
	if (s && xst_state_cpuid(s, 0, &l) == 0 && (!code || !opt.against)) {
		shown = show_policies(file, s, other);
		code = code ? code : shown;
	}
	xst_state_free(other);
	xst_state_free(s);
	return code;
}

static int cpuid(int argc, const char **argv)
{
	int code = EXIT_FINE;
	poptContext ctx = xst_cli_options_parse(&xst_cli_verb_cpuid, argc, argv, table, &code);
	const char *file;

	if (!ctx)
		return code;
	file = xst_cli_options_argument(ctx);
	if (!file || xst_cli_options_argument(ctx))
		code = xst_cli_names_error(&xst_cli_verb_cpuid, "one name: FILE");
	else
		code = cpuid_of_file(file);
	poptFreeContext(ctx);
	return code;
}
