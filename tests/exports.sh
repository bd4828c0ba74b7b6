#!/bin/sh
# SPDX-License-Identifier: MIT
# A shared library exports what its headers declare with XST_API, all of it and nothing else.
#
#   exports.sh LIBRARY HEADER...
set -eu
library=$1
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# a name may stand on the line after its type
cat "$@" | sed -e '/^XST_API[^(;]*$/{N;s/\n/ /}' >"$dir/headers"
sed -n 's/^XST_API.*[ *]\(xst_[a-z0-9_]*\)(.*/\1/p' "$dir/headers" | sort >"$dir/declared"
nm -D --defined-only "$library" | awk '$2 ~ /^[A-Z]$/ { print $3 }' | sed 's/@.*//' |
	grep -v '^XENSTREAM_' | grep -Ev '^__(asan|odr_asan|ubsan|start|stop|sancov|gcov)' |
	sort >"$dir/exported"
if [ "$(grep -c '^XST_API' "$dir/headers")" != "$(wc -l <"$dir/declared")" ]; then
	echo "a declaration with XST_API is not understood by $0" >&2
	exit 1
fi
diff -u "$dir/declared" "$dir/exported"
