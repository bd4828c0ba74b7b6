#!/bin/sh
# SPDX-License-Identifier: MIT
# The shared library exports what the headers declare with XST_API, all of it and nothing else.
#
#   exports.sh LIBRARY INCLUDEDIR
set -eu
library=$1
include=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

sed -n 's/^XST_API.*[ *]\(xst_[a-z0-9_]*\)(.*/\1/p' "$include"/xenstream/*.h | sort >"$dir/declared"
nm -D --defined-only "$library" | awk '$2 ~ /^[A-Z]$/ { print $3 }' | sed 's/@.*//' |
	grep -v '^XENSTREAM_' | grep -Ev '^__(asan|odr_asan|ubsan|start|stop|sancov|gcov)' |
	sort >"$dir/exported"
if [ "$(grep -c '^XST_API' "$include"/xenstream/*.h | awk -F: '{ n += $2 } END { print n }')" != \
	"$(wc -l <"$dir/declared")" ]; then
	echo "a declaration with XST_API is not understood by $0" >&2
	exit 1
fi
diff -u "$dir/declared" "$dir/exported"
