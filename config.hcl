# PocketPing's configuration. It runs as it is: `make run`, then open the demo
# page and the inbox that are printed. docs/configuration.md explains every line.
#
# A value is text in quotes, a number, true or false, or a list in [ ]. Secrets
# are better not kept in this file:
#   env("NAME")           a variable of the environment; it must be set
#   env("NAME", "value")  the same with a default
#   file("path")          what a file holds
# Paths are relative to the folder of this file.

# Where PocketPing listens, and how people reach it.
server {
  listen = ":8080"

  # The address that visitors and operators open, as a proxy in front of PocketPing
  # serves it. Without it: http://localhost and the port above.
  # url = "https://chat.example.com"

  # Proxies in front of it, whose word on a client's address is believed: addresses or
  # networks.
  # proxies = ["127.0.0.1"]

  # Or no proxy: PocketPing encrypts by itself, with certificates that it obtains, or
  # with files. docs/https.md says how.
  # tls {
  #   http = ":80"                           # sends browsers on to https
  #   acme { domains = ["chat.example.com"] }
  #   # cert = "fullchain.pem"
  #   # key  = "privkey.pem"
  # }

  # Opens /metrics to who sends this token. Without it, /metrics is open to the
  # machine that PocketPing runs on only.
  # metrics_token = env("POCKETPING_METRICS_TOKEN")
}

# Where everything is kept: an SQLite file, or a Postgres server, such as
# "postgres://user:password@host:5432/pocketping".
database {
  url = "sqlite:pocketping.db"
}

# The folder with the plugins' programs. A block bridge "telegram" runs the
# program "telegram" in it.
plugins {
  dir = "bin/plugins"
}

# Where the files that visitors and operators send are kept, and how large one
# may be.
files {
  dir      = "files"
  max_size = "20MB"
  quota    = "200MB"                           # of one visitor in a day
  # types  = ["image/*", "application/pdf"]    # and no others
}

# What one visitor, or one address, may do: "N/time", or "none". These are the
# defaults.
limits {
  frames   = "40/10s" # of one visitor: what the widget sends
  sockets  = "300/1m" # from one address: widgets that connect
  open     = 1000     # from one address: widgets that are connected at the same time
  sessions = "200/1h" # from one address: new visitors
  uploads  = "60/10m" # from one address: files
  tracks   = "60/1m"  # of one visitor: events that pages report
  emits    = "120/1m" # of one project: events that its back end sends to pages

  # Against floods from many addresses: beyond so many new visitors of one project, the
  # browsers of the next prove some work. "always": of all new visitors; "off": of none.
  # visitors      = "60/1m"
  # proof_of_work = "flooded"
}

# A project is one website or app. There may be many.
project "demo" {
  name = "Demo"

  # The sites that may show the widget: scheme, host and port. "https://*.acme.example"
  # means all subdomains. With `serve --dev` every page on this machine may, too.
  origins = ["http://localhost:8080", "http://127.0.0.1:8080"]

  # Keys are made at the first start and kept in the database: `pocketping project
  # show demo`. They can be set here instead.
  # public_key   = "pk_…"                    # stands in the page
  # secret_key   = env("DEMO_SECRET_KEY")    # sk_…: your back end calls the API with it
  # identity_key = env("DEMO_IDENTITY_KEY")  # ik_…: your back end signs who a visitor is

  # Whether visitors must be signed in by your back end: "required", "optional" or "off".
  # identity = "required"

  # For how long a closed session goes on when its visitor writes again; later a
  # new one begins.
  reopen_within = "24h"

  # How the widget looks, and what it says.
  widget {
    color    = "#6366f1"
    operator = "Demo support" # the team, which visitors see in place of whoever answers
    welcome  = "Hi! How can we help?"
    # names  = "first"                           # or "full": visitors see the operator's own name
    # avatar = "https://demo.example/team.png"   # the team's picture
    # rating = true                              # ask for stars after closing
    # ask    = ["name", "email"]                 # before the first message
    # hide   = ["/checkout*"]                    # no bubble there
    # and colours, position, texts, languages, consent: docs/configuration.md has them all
  }

  # When somebody answers; without it always. Operators overrule it with /away and
  # /online.
  # hours {
  #   zone = "Europe/Berlin"
  #   mon  = "09:00-12:30 13:30-17:00"
  #   tue  = "09:00-17:00"
  #   away = "We are back tomorrow at 9:00"
  # }

  # One person who answers, on whichever bridge: the name and picture that visitors
  # see with names = "first" or "full", and that operators elsewhere see.
  # operator "olga" {
  #   ids    = ["12345", "U024BE7LH"]            # hers on the platforms
  #   name   = "Olga"
  #   avatar = "https://demo.example/olga.png"
  # }

  # A bridge carries the project's sessions to where your team is. It is named by
  # its plugin; a second one of the same plugin needs a name of its own, as in
  # bridge "telegram" "sales" { … }.

  # Telegram: one topic for each session. Talk to @BotFather for a bot, make it an
  # administrator of a group with topics, and let `pocketping check` look at it.
  # bridge "telegram" {
  #   token   = env("TELEGRAM_TOKEN")
  #   chat_id = -1001234567890
  # }

  # Discord: one post of a forum for each session, or one thread of a text channel.
  # docs/discord.md says how to make the bot.
  # bridge "discord" {
  #   token      = env("DISCORD_TOKEN")
  #   channel_id = "1234567890123456789"
  # }

  # Slack: one thread for each session in a channel. docs/slack.md holds the
  # manifest that makes the app.
  # bridge "slack" {
  #   bot_token  = env("SLACK_BOT_TOKEN")
  #   app_token  = env("SLACK_APP_TOKEN")
  #   channel_id = "C0123456789"
  # }

  # Mattermost: one thread for each session in a channel of your own server.
  # docs/mattermost.md says how to make the bot.
  # bridge "mattermost" {
  #   url        = "https://mattermost.example.com"
  #   token      = env("MATTERMOST_TOKEN")
  #   channel_id = "4xp9fdt77pncbef59f4k1qe83o"
  # }

  # E-mail: a visitor who left an address and is gone gets the answers by mail, and
  # answers by mail: docs/email.md.
  # bridge "email" {
  #   as_visitor    = true                       # what arrives is posted as the visitor
  #   address       = "chat@demo.example"
  #   secret        = env("EMAIL_SECRET")        # openssl rand -base64 32
  #   smtp          = "smtp.demo.example:587"
  #   smtp_user     = "chat@demo.example"
  #   smtp_password = env("EMAIL_PASSWORD")
  #   imap          = "imap.demo.example:993"
  #   imap_user     = "chat@demo.example"
  #   imap_password = env("EMAIL_PASSWORD")
  #   link          = "https://demo.example/"
  # }

  # A hook is told what happens, and answers nothing: docs/hooks.md.
  # It posts each event to your server, signed:
  # hook "webhook" {
  #   events = ["message.posted", "session.*"]   # without it: everything
  #   url    = "https://demo.example/hooks/chat"
  #   secret = env("HOOK_SECRET")                # whsec_ and base64: openssl rand -base64 32
  # }

  # It tells PostHog of sessions, ratings and what your pages track, without what
  # was written:
  # hook "posthog" {
  #   api_key = env("POSTHOG_API_KEY")
  #   host    = "https://eu.i.posthog.com"
  #   consent = "analytics"                      # only visitors with this trait
  # }

  # What every bridge and hook takes, beside the fields of its plugin:
  #   command = ["./my-plugin", "--flag"]  # another program than the plugins' folder has
  #   sha256  = "9f86d08…"                 # run it only when this is its checksum
  #   env     = { HTTPS_PROXY = "…" }      # its environment; it sees next to nothing of PocketPing's own
  #   mtls    = true                       # encrypt what it and PocketPing say to each other
  #   pace    = "20/1m"                    # instead of its platform's limits, or "none"
  #   operators = ["12345"]                # of a bridge: who may answer, by the platform's ids; without it everybody there
}

# A bridge outside a project serves every project, or those in projects = ["demo"].
# The inbox is a page to answer from, with no account anywhere; `serve` prints
# the link that opens it.
bridge "inbox" {}
