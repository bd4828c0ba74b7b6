#!/bin/sh
# SPDX-License-Identifier: MIT
# Every public header stands alone, as C99 and as C++17, without a warning, and tells of all it exports.
#
#   headers.sh INCLUDEDIR [CC [CXX]]
set -eu
include=$1
cc=${2:-cc}
cxx=${3:-c++}
command -v "$cxx" >/dev/null || cxx=
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

for header in "$include"/xenstream/*.h; do
	name=xenstream/$(basename "$header")
	printf '#include <%s>\n#include <%s>\nextern int nothing;\n' "$name" "$name" >"$dir/alone.c"
	cp "$dir/alone.c" "$dir/alone.cc"
	$cc -std=c99 -pedantic -Wall -Wextra -Wstrict-prototypes -Werror -I"$include" \
		-fsyntax-only "$dir/alone.c"
	if [ -n "$cxx" ]; then
		$cxx -std=c++17 -pedantic -Wall -Wextra -Werror -I"$include" \
			-fsyntax-only "$dir/alone.cc"
	fi
done
# and all of libxenstream's are in the umbrella
for header in "$include"/xenstream/*.h; do
	name=$(basename "$header")
	case $name in xenstream.h | visibility.h | sinks.h) continue ;; esac
	grep -q "<xenstream/$name>" "$include/xenstream/xenstream.h"
done
# and what it exports is told in front of it
for header in "$include"/xenstream/*.h; do
	awk -v name="$header" '
		/^XST_API / && last !~ /\*\/$/ { print name ": no comment: " $0; bad = 1 }
		{ last = $0 }
		END { exit bad }' "$header"
done
