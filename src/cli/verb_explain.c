/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <string.h>

static struct {
	int json;
} opt;

static const struct poptOption table[] = {
	{ "json", 'j', POPT_ARG_NONE, &opt.json, 0, "print each rule as JSON, one object a line", NULL },
	POPT_TABLEEND
};

static int explain_verb_run(int argc, const char **argv);

const struct verb xst_cli_verb_explain = {
	.name = "explain",
	.arguments = "[ID...]",
	.summary = "Explain rules: what they ask for and why, with examples",
	.example = "  xenstream explain libxc.page-data.twice",
	.run = explain_verb_run,
};

static json_object *rule_json(const struct xst_rule_info *rule)
{
	const struct {
		const char *key, *value;
	} texts[] = {
		{ "rule", rule->id },
		{ "severity", xst_severity_name(rule->severity) },
		{ "layer", rule->layer ? xst_layer_name(rule->layer) : NULL },
		{ "section", rule->section },
		{ "why", rule->why },
		{ "example", rule->example },
	};
	json_object *o = json_object_new_object();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].value)
			json_object_object_add(o, texts[i].key,
					       json_object_new_string(texts[i].value));
	json_object_object_add(o, "like_xen", json_object_new_boolean(rule->like_xen == true));
	return o;
}

int xst_cli_explain_all(bool json)
{
	struct xst_rule_info rule;

	for (unsigned i = 0; xst_rule(i, &rule) == 0; i++) {
		if (json)
			xst_cli_print_json_line(rule_json(&rule));
		else
			printf("%-32s %-6s  %s\n", rule.id, xst_severity_name(rule.severity),
			       rule.why);
	}
	return EXIT_FINE;
}

static const char *meaning(enum xst_severity severity)
{
	switch (severity) {
	case XST_ERROR:  return "no Xen restores such an image";
	case XST_REMARK: return "some versions of Xen do not restore it, or it breaks the specification";
	default:         return "for information";
	}
}

static void explain_verb_words(const struct xst_rule_info *rule)
{
	printf("%s\n", rule->id);
	printf("  Rule      %s\n", rule->why);
	printf("  Example   %s\n", rule->example);
	printf("  Severity  %s: %s\n", xst_severity_name(rule->severity), meaning(rule->severity));
	if (rule->layer)
		printf("  Layer     %s\n", xst_layer_name(rule->layer));
	if (strcmp(rule->section, "-") != 0)
		printf("  Section   %s\n", rule->section);
	printf("  Xen       %s\n",
	       rule->like_xen == true ? "its own verifier treats this as an error"
	       : rule->like_xen ? "its own verifier does not check this, nor can it read a libxl "
				  "stream with checkpoints, in which it counts here"
				: "its own verifier does not check this");
}

static int explain_one(const char *id)
{
	struct xst_rule_info rule;

	if (xst_rule_by_id(id, &rule))
		return xst_cli_usage_error(&xst_cli_verb_explain,
					   "%s: no such rule; explain without an ID lists all rules", id);
	if (opt.json)
		xst_cli_print_json_line(rule_json(&rule));
	else
		explain_verb_words(&rule);
	return EXIT_FINE;
}

static int explain_verb_run(int argc, const char **argv)
{
	int code = EXIT_FINE;
	poptContext ctx = xst_cli_options_parse(&xst_cli_verb_explain, argc, argv, table, &code);
	const char *id;

	if (!ctx)
		return code;
	id = xst_cli_options_argument(ctx);
	if (!id)
		code = xst_cli_explain_all(opt.json);
	for (; id; id = xst_cli_options_argument(ctx)) {
		int c = explain_one(id);

		code = c > code ? c : code;
	}
	poptFreeContext(ctx);
	return code;
}
