#!/bin/sh
# Copies of what `make fuzz` has found and kept in Go's cache the smallest inputs (CORPUS, 12) of each
# target to its testdata/fuzz, where every run of the tests tries them.
set -eu
cd "$(dirname "$0")/.."
cache=$(go env GOCACHE)/fuzz/$(go list -m)
find "$cache" -mindepth 1 -type d -name 'Fuzz*' | sort | while read -r found; do
	target=${found#"$cache"/}
	to=${target%/*}/testdata/fuzz/${target##*/}
	[ -d "${target%/*}" ] || continue
	mkdir -p "$to"
	find "$found" -type f -size -2k -printf '%s %f\n' | sort -n | head -n "${CORPUS:-12}" | while read -r _ name; do cp "$found/$name" "$to/$name"; done
done
