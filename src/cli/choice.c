/* SPDX-License-Identifier: MIT */
#include "cli/choice.h"

#include <string.h>

/* The next word of a list, with its length in *ret, or NULL at the end; advances *list past it. */
static const char *next_word(const char **list, size_t *ret)
{
	const char *word = *list;

	if (!*word)
		return NULL;
	*ret = strcspn(word, ", ");
	*list = word + *ret;
	if (strncmp(*list, " (", 2) == 0)
		*list += strcspn(*list, ")") + 1;
	*list += strspn(*list, ", ");
	if (strncmp(*list, "or ", 3) == 0)
		*list += 3;
	return word;
}

/* The list without its parentheses. */
static const char *bare_words(const char *list, char *buf, size_t size)
{
	const char *word;
	size_t n = 0, length, done = 0;

	while ((word = next_word(&list, &length)) && n < size)
		n += (size_t)snprintf(buf + n, size - n, "%s%.*s",
				      !done++ ? "" : *list ? ", " : " or ", (int)length, word);
	return buf;
}

int xst_cli_choose(const struct verb *verb, const char *option, const char *value, const char *words,
		   unsigned *ret)
{
	const char *list = words, *word;
	unsigned number = 0;
	char bare[100];
	size_t length;

	*ret = 0;
	if (!value)
		return EXIT_FINE;
	while ((word = next_word(&list, &length))) {
		number++;
		if (strlen(value) == length && strncmp(value, word, length) == 0) {
			*ret = number;
			return EXIT_FINE;
		}
	}
	return xst_cli_usage_error(verb, "%s %s: not %s", option, value,
				   bare_words(words, bare, sizeof(bare)));
}

int xst_cli_choose_config_format(const struct verb *verb, const char *value, enum config_language *ret)
{
	static const enum config_language languages[] = { (enum config_language)0, CONFIG_JSON, CONFIG_CFG };
	unsigned number;
	int code = xst_cli_choose(verb, "--config-format", value, CONFIG_FORMAT_WORDS, &number);

	*ret = languages[number];
	return code;
}

int xst_cli_choose_compression(const struct verb *verb, const char *value, enum filter_format *format,
			       int *level)
{
	if (!value || xst_filter_parse(value, format, level))
		return EXIT_FINE;
	return xst_cli_usage_error(verb, "--compress %s: not " FILTER_WORDS ", or not a valid level",
				   value);
}
