# PocketPing with all its plugins: docker build -t pocketping . – docs/operations.md says how to run it.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build

FROM debian:bookworm-slim
# Certificates, to reach the platforms; Postgres's own programs, for backups of it.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates tzdata postgresql-client \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /data --create-home pocketping
COPY --from=build /src/bin/pocketping /usr/local/bin/pocketping
COPY --from=build /src/bin/plugins /usr/local/lib/pocketping/plugins
USER pocketping
# config.hcl, the database and the files: mount one folder here.
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["pocketping"]
CMD ["serve"]
