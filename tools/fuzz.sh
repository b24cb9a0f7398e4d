#!/bin/sh
# Gives every fuzz target FUZZTIME (30s) of new inputs, one after the other, and ends at the
# first that fails: what failed is in testdata/fuzz then. FUZZ names some packages instead of all;
# FUZZWORKERS (all processors) is how many inputs are tried at the same time.
set -eu
cd "$(dirname "$0")/.."
time=${FUZZTIME:-30s}
workers=${FUZZWORKERS:-$(getconf _NPROCESSORS_ONLN)}
targets=$(grep -rhoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' -H ${FUZZ:-core sdk plugins} | sed 's/func //' | sort)
test -n "$targets" || { echo "no fuzz targets in ${FUZZ:-core sdk plugins}" >&2; exit 1; }
for target in $targets; do
	package=./$(dirname "${target%%:*}") name=${target##*:}
	echo "== $package $name, $time"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -parallel "$workers" "$package"
done
