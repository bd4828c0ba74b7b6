#!/bin/sh
# SPDX-License-Identifier: MIT
# Parser, tables, checker and emitter make no system call: what their objects need from outside is
# memory, strings and number formatting, and nothing else.
#
#   purity.sh BUILDDIR
set -eu
archive=$1/src/libcore.a

wanted='mem(cpy|move|set|cmp|chr|rchr)|str(len|nlen|cmp|ncmp|chr|rchr|cpy|ncpy|str|spn|cspn)'
wanted="$wanted|malloc|calloc|realloc|free|v?snprintf"
fortified='__(mem(cpy|move|set)|str(cpy|ncpy|cat)|v?snprintf)_chk'
compiler='bcmp' # what clang makes of memcmp
compiler="$compiler|__stack_chk_(fail|guard)|_GLOBAL_OFFSET_TABLE_|__(start|stop)_.*"
compiler="$compiler|__cpu_(model|indicator_init)" # which processor is it? (WIDE_LOOPS)
compiler="$compiler|__(asan|ubsan|sanitizer|sancov|tsan|msan|gcov|llvm)_.*"

nm -P "$archive" >/dev/null # or stop here
own=$(nm -P "$archive" | awk '$2 ~ /^[TDBRVWdbtr]$/ { print $1 }' | sort -u)
undefined=$(nm -P -u "$archive" | awk '$2 ~ /^[Uvw]$/ { print $1 }' | sort -u)
bad=$(printf '%s\n' "$undefined" | grep -Ev "^($wanted|$fortified|$compiler)$" |
	grep -vxF "$own" || true)
if [ -n "$bad" ]; then
	echo "the core needs:" $bad >&2
	exit 1
fi
test -n "$undefined" # an archive that needs nothing has not been read
