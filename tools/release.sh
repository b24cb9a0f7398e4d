#!/bin/sh
# Builds what is released into dist/: an archive for each system with the server, its plugins and an example
# configuration; a list of all that is linked (SBOM); and the SHA-256 of each. VERSION names it.
set -eu
cd "$(dirname "$0")/.."
version=${VERSION:?say VERSION=v1.2.3}
systems=${SYSTEMS:-linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64}
rm -rf dist
mkdir dist
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
go build -o "$scratch/bill" ./internal/bill
export CGO_ENABLED=0
for system in $systems; do
	os=${system%/*} arch=${system#*/} end=
	[ "$os" = windows ] && end=.exe
	name=pocketping_${version}_${os}_${arch}
	folder=$scratch/$name
	mkdir -p "$folder/bin/plugins"
	GOOS=$os GOARCH=$arch go build -trimpath -ldflags='-s -w' -o "$folder/bin/pocketping$end" .
	for main in plugins/*/main.go; do
		plugin=$(dirname "$main")
		GOOS=$os GOARCH=$arch go build -trimpath -ldflags='-s -w' -o "$folder/bin/plugins/${plugin##*/}$end" "./$plugin"
	done
	cp config.hcl README.md LICENSE CHANGELOG.md docs/licenses.md "$folder"
	"$scratch/bill" sbom "$folder/bin/pocketping$end" "$folder"/bin/plugins/* >"dist/$name.cdx.json"
	# The same content makes the same archive.
	tar -C "$scratch" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct)" -cf - "$name" | gzip -n9 >"dist/$name.tar.gz"
done
(cd dist && sha256sum -- * >SHA256SUMS)
