/* SPDX-License-Identifier: MIT */
/* xl.cfg text: what is taken, what is refused and where, and what a change leaves alone. */
#include "unit.h"

#include "config/cfg/cfg.h"

static struct cfg *parse(const char *text, unsigned flags)
{
	struct config_error err = { 0 };
	struct cfg *c = NULL;

	if (xst_cfg_parse(text, strlen(text), flags, &c, &err) != 0)
		print_error("%u:%u: %s\n", err.line, err.column, err.text);
	assert_non_null(c);
	return c;
}

static void refused_n(const char *text, size_t n, int code, unsigned line, unsigned column,
		      const char *words)
{
	struct config_error err = { 0 };
	struct cfg *c = NULL;

	assert_int_equal(xst_cfg_parse(text, n, 0, &c, &err), code);
	assert_null(c);
	assert_int_equal(err.line, line);
	assert_int_equal(err.column, column);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" doesn't say \"%s\"", err.text, words);
}

static void refused(const char *text, unsigned line, unsigned column, const char *words)
{
	refused_n(text, strlen(text), XST_E_MALFORMED, line, column, words);
}

static void strings_numbers_and_lists(void **state)
{
	struct cfg *c = parse(
		"a = 'x'; b=0x10\n# c = 3\nd = [ 'p', [ \"q\" ,\n 5 ], ]\ne='it\\'s \\\\ \\n'\n",
		0);
	const struct config_value *list;
	struct config_error err = { 0 };
	const char *s = NULL;
	long n = 7;

	(void)state;
	assert_int_equal(xst_cfg_get_string(c, "a", &s, NULL), 0);
	assert_string_equal(s, "x");
	assert_int_equal(xst_cfg_get_long(c, "b", &n, NULL), 0);
	assert_int_equal(n, 16);
	assert_int_equal(xst_cfg_get_string(c, "c", &s, NULL), XST_E_UNKNOWN);
	assert_string_equal(s, "x");
	assert_int_equal(xst_cfg_get_list(c, "d", &list, NULL), 0);
	assert_int_equal(list->n, 2);
	assert_string_equal(list->items[1].items[0].string, "q");
	assert_true(list->items[1].items[1].bare);
	assert_int_equal(xst_cfg_get_string(c, "e", &s, NULL), 0);
	assert_string_equal(s, "it's \\ \n");
	assert_int_equal(xst_cfg_get_long(c, "d", &n, &err), XST_E_MALFORMED);
	assert_int_equal(err.line, 3);
	assert_int_equal(xst_cfg_get_long(c, "a", &n, &err), XST_E_MALFORMED);
	assert_int_equal(xst_cfg_get_list(c, "a", &list, &err), XST_E_MALFORMED);
	assert_int_equal(n, 16);
	xst_cfg_free(c);
}

static void additions_are_put_together(void **state)
{
	struct cfg *c = parse("a+='x'\na+='y'\nb=['1']\nb+=['2','3']\n", 0);
	const struct config_value *list;
	struct config_error err = { 0 };
	const char *s;
	long n;

	(void)state;
	assert_int_equal(xst_cfg_get_string(c, "a", &s, NULL), 0);
	assert_string_equal(s, "xy");
	assert_int_equal(xst_cfg_get_list(c, "b", &list, NULL), 0);
	assert_int_equal(list->n, 3);
	xst_cfg_free(c);
	refused("a=1\nb=2\na+=['x']\n", 3, 1, "can't be added");
	c = parse("n=1\nn+=2\n", 0);
	assert_int_equal(xst_cfg_get_long(c, "n", &n, &err), XST_E_MALFORMED);
	xst_cfg_free(c);
}

static void faults_have_a_place(void **state)
{
	(void)state;
	refused("a='x", 1, 3, "does not end on its line");
	refused("a=1\nb = \"x\ny\"\n", 2, 5, "does not end on its line");
	refused("a=[1,\n 2", 1, 3, "list that is not closed");
	refused("a=[1 2]", 1, 6, "',' or ']'");
	refused("a=[1,,2]", 1, 6, "a value");
	refused("a=x\n", 1, 3, "quotes");
	refused("a 1\n", 1, 3, "'=' or '+='");
	refused("a=1 b=2\n", 1, 5, "end of the line");
	refused("a=1\n=2\n", 2, 1, "name of a setting");
	refused("a=-1\n", 1, 3, "quotes");
	refused("A=1\n", 1, 1, "capital");
	refused("a=1\r\n", 1, 4, "carriage return");
	refused("a=1\\\n", 1, 4, "backslash");
	refused("a=1 # x", 1, 5, "no newline");
	refused("a='\\q'\n", 1, 4, "escape that xl doesn't know");
	refused("a='\\101'\n", 1, 4, "numeric escape");
	refused("a='\\x41'\n", 1, 4, "numeric escape");
	refused("a=1\n a=2\n", 2, 2, "already set");
	refused("a='\xff'\n", 1, 4, "UTF-8");
	refused_n("a='x\0y'\n", 8, XST_E_MALFORMED, 1, 5, "NUL");
	refused_n("# \0\n", 4, XST_E_MALFORMED, 1, 3, "NUL");
}

static void xl_takes_more(void **state)
{
	struct cfg *c = parse("a=1\na=2\n# \xff\n", CONFIG_AS_XL);
	const char *s;

	(void)state;
	assert_int_equal(xst_cfg_get_string(c, "a", &s, NULL), 0);
	assert_string_equal(s, "2");
	xst_cfg_free(c);
}

static void repeated(const char *unit, size_t n, const char *end, int code, const char *words)
{
	size_t size = strlen(unit);
	char *text = malloc(n * size + strlen(end) + 3), *to = text;
	struct config_error err = { 0 };
	struct cfg *c;

	memcpy(to, "a=", 2);
	to += 2;
	for (size_t i = 0; i < n; i++, to += size)
		memcpy(to, unit, size);
	strcpy(to, end);
	assert_int_equal(xst_cfg_parse(text, strlen(text), 0, &c, &err), code);
	if (code)
		assert_non_null(strstr(err.text, words));
	else
		xst_cfg_free(c);
	free(text);
}

static void limits_hold(void **state)
{
	char *text = calloc(1, LIMIT_CONFIG_SIZE + 2), *to = text;
	struct config_error err = { 0 };
	struct cfg *c;

	(void)state;
	repeated("[", LIMIT_CONFIG_DEPTH + 1, "", XST_E_LIMIT, "deep");
	repeated("[", LIMIT_CONFIG_DEPTH, "", XST_E_MALFORMED, "not closed");
	for (size_t i = 0; i <= LIMIT_CONFIG_SETTINGS; i++)
		to += sprintf(to, "a%zu=1\n", i);
	assert_int_equal(xst_cfg_parse(text, strlen(text), 0, &c, &err), XST_E_LIMIT);
	assert_int_equal(err.line, LIMIT_CONFIG_SETTINGS + 1);
	memset(text, '\n', LIMIT_CONFIG_SIZE + 1);
	assert_int_equal(xst_cfg_parse(text, LIMIT_CONFIG_SIZE + 1, 0, &c, &err), XST_E_LIMIT);
	assert_int_equal(xst_cfg_parse(text, LIMIT_CONFIG_SIZE, 0, &c, &err), 0);
	xst_cfg_free(c);
	memcpy(text, "a=[", 3);
	for (size_t i = 3; i + 1 < LIMIT_CONFIG_ITEMS * 2 + 10; i += 2)
		memcpy(text + i, "1,", 2);
	assert_int_equal(xst_cfg_parse(text, LIMIT_CONFIG_ITEMS * 2 + 8, 0, &c, &err), XST_E_LIMIT);
	free(text);
}

/* --- changes -------------------------------------------------------------------------------- */

static void becomes(struct cfg **c, int r, const char *text)
{
	assert_int_equal(r, 0);
	assert_string_equal((*c)->text, text);
	*c = xst_cfg_free(*c);
}

static struct config_value string(const char *s, bool bare)
{
	struct config_value v = { 0 };

	assert_true(xst_config_value_set_string(&v, s, strlen(s)));
	v.bare = bare;
	return v;
}

static void set_touches_nothing_else(void **state)
{
	struct config_value v = string("b'c", false), n = string("7", true);
	struct cfg *c;

	(void)state;
	c = parse("# top\n  name\t=  'a'   # why\nx=1\n", 0);
	becomes(&c, xst_cfg_set(&c, "name", &v, NULL), "# top\n  name\t=  'b\\'c'   # why\nx=1\n");
	c = parse("name=\"a\";x=1", 0);
	becomes(&c, xst_cfg_set(&c, "name", &v, NULL), "name=\"b'c\";x=1");
	c = parse("x=1", 0);
	becomes(&c, xst_cfg_set(&c, "y", &n, NULL), "x=1\ny = 7\n");
	c = parse("", 0);
	becomes(&c, xst_cfg_set(&c, "y", &v, NULL), "y = \"b'c\"\n");
	c = parse("a='1'\n# between\na+='2' # two\nb=3\na+='4'\n", 0);
	becomes(&c, xst_cfg_set(&c, "a", &v, NULL), "a='b\\'c'\n# between\n# two\nb=3\n");
	c = parse("a+='1'\n", 0);
	becomes(&c, xst_cfg_set(&c, "a", &v, NULL), "a='b\\'c'\n");
	c = parse("a=1\nb=2\na=3\n", CONFIG_AS_XL);
	becomes(&c, xst_cfg_set(&c, "a", &n, NULL), "b=2\na=7\n");
	xst_config_value_clear(&v);
	xst_config_value_clear(&n);
}

static void unset_takes_its_lines(void **state)
{
	struct cfg *c = parse("a=1\n  b = [ 'x',\n 'y' ]  \nc=3\n", 0);
	struct config_error err = { 0 };

	(void)state;
	becomes(&c, xst_cfg_unset(&c, "b", NULL), "a=1\nc=3\n");
	c = parse("a=1; b=2; c=3\n", 0);
	becomes(&c, xst_cfg_unset(&c, "b", NULL), "a=1; c=3\n");
	c = parse("a=1; b=2\n", 0);
	becomes(&c, xst_cfg_unset(&c, "b", NULL), "a=1;\n");
	c = parse("a=1; b=2 # why\n", 0);
	becomes(&c, xst_cfg_unset(&c, "a", NULL), "b=2 # why\n");
	c = parse("a=1 # why\nb=2", 0);
	becomes(&c, xst_cfg_unset(&c, "a", NULL), "# why\nb=2");
	c = parse("a='1';a+='2';a+='3'", 0);
	becomes(&c, xst_cfg_unset(&c, "a", NULL), "");
	c = parse("a=1\n", 0);
	assert_int_equal(xst_cfg_unset(&c, "b", &err), XST_E_UNKNOWN);
	assert_int_equal(xst_cfg_unset(&c, "b-", &err), XST_E_ARG);
	assert_string_equal(c->text, "a=1\n");
	xst_cfg_free(c);
}

static void append_keeps_the_layout(void **state)
{
	struct config_value list = { 0 }, s = string("tail", false);
	struct config_error err = { 0 };
	struct cfg *c;

	(void)state;
	assert_true(xst_config_value_add_string(&list, "z"));
	c = parse("d = [ 'x', \"y\" ]  # c\n", 0);
	becomes(&c, xst_cfg_append(&c, "d", &list, NULL), "d = [ 'x', \"y\", 'z' ]  # c\n");
	c = parse("d = [\n\t\"x\", # one\n\t\"y\", # two\n]\n", 0);
	becomes(&c, xst_cfg_append(&c, "d", &list, NULL),
		"d = [\n\t\"x\", # one\n\t\"y\",\n\t\"z\", # two\n]\n");
	c = parse("d=[]\n", 0);
	becomes(&c, xst_cfg_append(&c, "d", &list, NULL), "d=[ \"z\" ]\n");
	c = parse("d=['x']\nd+=[]\n", 0);
	becomes(&c, xst_cfg_append(&c, "d", &list, NULL), "d=[ 'x', 'z' ]\n");
	c = parse("", 0);
	becomes(&c, xst_cfg_append(&c, "d", &list, NULL), "d = [ 'z' ]\n");
	c = parse("e=\"a \"\n", 0);
	assert_int_equal(xst_cfg_append(&c, "e", &list, &err), XST_E_MALFORMED);
	becomes(&c, xst_cfg_append(&c, "e", &s, NULL), "e=\"a tail\"\n");
	xst_config_value_clear(&list);
	xst_config_value_clear(&s);
}

/* Any bytes but NUL and newline come back out of quotes as they went in. */
static void strings_come_back(void **state)
{
	(void)state;
	for (unsigned first = 1; first < 256; first++)
		for (int q = 0; q < 2; q++) {
			struct config_value v = string(
				(char[]){ 'a', (char)first, '\\', '\'', '"', 'n', 0 }, false);
			struct cfg *c = parse("", CONFIG_AS_XL);
			const char *s;

			if (q) {
				xst_cfg_free(c);
				c = parse("k = 'x'\n", CONFIG_AS_XL);
			}
			assert_int_equal(xst_cfg_set(&c, "k", &v, NULL), 0);
			assert_int_equal(xst_cfg_get_string(c, "k", &s, NULL), 0);
			assert_string_equal(s, v.string);
			xst_config_value_clear(&v);
			xst_cfg_free(c);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_numbers_and_lists),
		cmocka_unit_test(additions_are_put_together),
		cmocka_unit_test(faults_have_a_place),
		cmocka_unit_test(xl_takes_more),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(set_touches_nothing_else),
		cmocka_unit_test(unset_takes_its_lines),
		cmocka_unit_test(append_keeps_the_layout),
		cmocka_unit_test(strings_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
