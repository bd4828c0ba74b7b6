/* SPDX-License-Identifier: MIT */
/* JSON: what is refused that json-c takes in silence, libxl's layout, and paths. */
#include "unit.h"

#include "config/json/json.h"

static void refused(const char *text, size_t n, int code, unsigned line, unsigned column,
		    const char *words)
{
	struct config_error err = { 0 };
	json_object *o = NULL;

	assert_int_equal(xst_json_read(text, n, &o, &err), code);
	assert_null(o);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" doesn't say \"%s\"", err.text, words);
	assert_int_equal(err.line, line);
	assert_int_equal(err.column, column);
}

#define REFUSED(text, line, column, words) \
	refused(text, sizeof(text) - 1, XST_E_MALFORMED, line, column, words)

static void what_is_ambiguous_is_refused(void **state)
{
	(void)state;
	REFUSED("{\n \"a\": 1,\n \"a\": 2 }", 3, 2, "twice");
	REFUSED("{ \"a\": 1, \"\\u0061\": 2 }", 1, 11, "twice");
	REFUSED("{ \"o\": { \"x\": [ { \"k\":1, \"k\":1 } ] } }", 1, 26, "twice");
	REFUSED("{ \"a\": \"x\\u0000y\" }", 1, 10, "NUL");
	REFUSED("{ \"a\": NaN }", 1, 8, "neither");
	REFUSED("{ \"a\": \"\xff\" }", 1, 9, "utf-8");
	REFUSED("{ \"a\": 1 } x", 1, 12, "unexpected");
	REFUSED("{ \"a\": \"x }", 1, 12, "ends inside a string, list or object");
	REFUSED("{ \"a\": [ 1, 2", 1, 14, "ends inside a string, list or object");
	REFUSED("[ 1 ]", 1, 1, "not an object");
	REFUSED("{ \"a\": 1 }\0 ", 1, 11, "NUL");
	refused("{ \"a\": 18446744073709551616 }", 29, XST_E_LIMIT, 1, 8, "64 bits");
	refused("{ \"a\": -9223372036854775809 }", 29, XST_E_LIMIT, 1, 8, "64 bits");
}

static void bombs_are_refused(void **state)
{
	size_t n = LIMIT_CONFIG_SIZE + 1;
	char *text = malloc(n + 1), *to = text;
	struct config_error err = { 0 };
	json_object *o;

	(void)state;
	memset(text, '[', n);
	memcpy(text, "{\"a\":", 5);
	assert_int_equal(xst_json_read(text, n, &o, &err), XST_E_LIMIT);
	assert_int_equal(xst_json_read(text, 1000, &o, &err), XST_E_LIMIT);
	assert_non_null(strstr(err.text, "deep"));
	to += sprintf(to, "{\"a\":[0");
	for (int i = 0; i < LIMIT_CONFIG_ITEMS; i++)
		to += sprintf(to, ",0");
	to += sprintf(to, "]}");
	assert_int_equal(xst_json_read(text, (size_t)(to - text), &o, &err), XST_E_LIMIT);
	assert_non_null(strstr(err.text, "too many"));
	free(text);
}

static json_object *read_json(const char *text)
{
	struct config_error err = { 0 };
	json_object *o = NULL;

	if (xst_json_read(text, strlen(text) + 1, &o, &err) != 0)
		fail_msg("%u:%u: %s", err.line, err.column, err.text);
	return o;
}

static void layout_is_libxls(void **state)
{
	static const char text[] = "{\n"
				   "    \"a\": 18446744073709551615,\n"
				   "    \"b\": -9223372036854775808,\n"
				   "    \"c\": \"\xc3\xa4 / \\\" \\\\\",\n"
				   "    \"d\": [\n"
				   "        true,\n"
				   "        null\n"
				   "    ],\n"
				   "    \"e\": {\n"
				   "\n"
				   "    },\n"
				   "    \"f\": [\n"
				   "\n"
				   "    ]\n"
				   "}\n";
	json_object *o = read_json(text);
	struct text t = { 0 };

	(void)state;
	xst_json_write(&t, o);
	assert_string_equal(t.s, text);
	xst_text_drop(&t);
	json_object_put(o);
}

static void paths_find_names_with_dots(void **state)
{
	json_object *o = read_json(
			    "{\"b\": {\"type.hvm\": {\"boot\": \"c\"}, \"type\": {\"x\": 1}},"
			    "\"disks\": [{\"vdev\": \"xvda\"}, [5, 6]]}"),
		    *v;
	static const struct {
		const char *path, *value;
	} there[] = {
		{ "b.\"type.hvm\".boot", "c" }, { "b.type.hvm.boot", "c" },  { "b.type.x", "1" },
		{ ".b.type.x", "1" },		{ "disks[0].vdev", "xvda" }, { "disks[1][1]", "6" }
	};
	static const char *const missing[] = { "c", "b.type.hvm.x", "disks[2]", "disks[0].x",
					       "b[0]" };
	static const char *const wrong[] = { "",	 "b.",		 "b..x",
					     "disks[",	 "disks[x]",	 "disks[1",
					     "b.\"type", "disks[0]vdev", "\"\"" };

	(void)state;
	for (size_t i = 0; i < COUNT(there); i++) {
		assert_int_equal(xst_json_path_get(o, there[i].path, &v, NULL), 0);
		assert_string_equal(json_object_get_string(v), there[i].value);
	}
	for (size_t i = 0; i < COUNT(missing); i++)
		assert_int_equal(xst_json_path_get(o, missing[i], &v, NULL), XST_E_UNKNOWN);
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(xst_json_path_get(o, wrong[i], &v, NULL), XST_E_ARG);
	json_object_put(o);
}

static void paths_make_what_is_missing(void **state)
{
	json_object *o = read_json("{\"a\": 1}"), *v;
	struct config_error err = { 0 };

	(void)state;
	assert_int_equal(xst_json_path_set(o, "b.\"t.x\".l[0].k", json_object_new_int(3), &err), 0);
	assert_int_equal(xst_json_path_get(o, "b.t.x.l[0].k", &v, NULL), 0);
	assert_int_equal(json_object_get_int(v), 3);
	assert_int_equal(xst_json_path_set(o, "b.\"t.x\".l[2]", json_object_new_int(3), &err),
			 XST_E_UNSUPPORTED);
	assert_int_equal(xst_json_path_set(o, "a.b", json_object_new_int(3), &err),
			 XST_E_UNSUPPORTED);
	assert_int_equal(xst_json_path_unset(o, "b.t.x.l[0]", &err), 0);
	assert_int_equal(xst_json_path_unset(o, "b.t.x.l[0]", &err), XST_E_UNKNOWN);
	assert_int_equal(xst_json_path_unset(o, "b", &err), 0);
	assert_int_equal(json_object_object_length(o), 1);
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_ambiguous_is_refused),
		cmocka_unit_test(bombs_are_refused),
		cmocka_unit_test(layout_is_libxls),
		cmocka_unit_test(paths_find_names_with_dots),
		cmocka_unit_test(paths_make_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
