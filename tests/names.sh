#!/bin/sh
# Names that can live in somebody else's program: names.sh SOURCE-DIR LIBRARY...
# Every symbol with external linkage begins with xst_, in archives, too, where hidden visibility does not act;
# and no name of a function or of a source file stands twice in src/, so that a stack trace is unambiguous.
set -eu
source=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

for library; do
	case $library in
	*.a) nm -P --defined-only "$library" ;;
	*) nm -P -D --defined-only "$library" ;;
	esac >"$work/symbols"
	awk '$2 ~ /^[A-TV-Z]$/ { sub(/@.*/, "", $1); print $1 }' "$work/symbols" | sort -u >"$work/external"
	[ -s "$work/external" ] || { echo "$library: no symbols were found" >&2; exit 1; }
	# a version map's node is a symbol, too
	grep -v -e '^xst_' -e '^XENSTREAM_' "$work/external" >"$work/foreign" || continue
	echo "$library: these names may be anybody's, they lack xst_:" >&2
	sed 's/^/  /' "$work/foreign" >&2
	status=1
done

# A definition begins in the first column and its brace stands in a line of its own.
find "$source/src" -name '*.c' | sort | xargs awk '
	/^[a-z].*[a-z0-9_]\(/ { head = $0 }
	/^\{/ && head {
		name = head
		sub(/\(.*/, "", name)
		sub(/.*[ *]/, "", name)
		print name, FILENAME
		head = ""
	}' | sort -u >"$work/functions"
[ "$(wc -l <"$work/functions")" -gt 1000 ] || { echo "too few functions were found" >&2; exit 1; }
cut -d' ' -f1 "$work/functions" | uniq -d >"$work/twice"
if [ -s "$work/twice" ]; then
	echo "these function names stand in several files:" >&2
	while read -r name; do
		grep "^$name " "$work/functions" | sed "s|$source/||; s/^/  /" >&2
	done <"$work/twice"
	status=1
fi

find "$source/src" -name '*.[ch]' | sort >"$work/files"
sed 's|.*/||' "$work/files" | sort | uniq -d >"$work/twice"
if [ -s "$work/twice" ]; then
	echo "these file names stand in several folders:" >&2
	while read -r name; do
		grep "/$name\$" "$work/files" | sed "s|$source/||; s/^/  /" >&2
	done <"$work/twice"
	status=1
fi
exit $status
