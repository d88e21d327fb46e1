package load

// help explains the command.
const help = `The ids of {{guild}} and {{user}} in the data are made up. A real bot does not know
them, and a route for a guild answers not_found. So name real ids by --guild-ids and
--user-ids, or let this error count as an answer by --expect not_found.

With a rate, each call is made when it is due, also while earlier calls have no answer
yet. Its response time begins when it was due, so a bot that stops for a moment is
charged for all calls that this delays. Without a rate, each caller waits for its
answer before it calls again, so a slow bot gets fewer calls.

  ROUTE   NAME, NAME*WEIGHT or NAME*WEIGHT=DATA. The weight is the route's share of
          the calls beside other routes. DATA is the JSON of the request, {} if there
          is none. It is a template with {{guild}}, {{user}}, {{seq}}, {{rand}},
          {{rand 1 6}} and {{pad 100}}: 'members.count*9={"guild_id":"{{guild}}"}'
  STAGES  RATE:TIME,…: the rate goes evenly to RATE in that TIME. It begins at --rate,
          or at 0: 500:1m,500:2m,0:10s
  GOALS   bounds for p50, p90, p95, p99, p99.9, p99.99, max and mean of the response
          times, service.p50, service.p99, service.mean, err and unanswered (shares
          of the calls), rps (answers a second), answered and missed (counts):
          'p99<5ms,err<0.1%,rps>=9000'
  FAULTS  reload=COG@10s, kill=COG@20s, unload=COG@5s and load=COG@8s, which need the
          secret in COGBUS_ADMIN_SECRET; churn=50/s@5s+2s (cuts 50 connections a
          second for 2 s, whose calls are lost, while --churn loses none),
          partition=2@10s+2s (two connections stand still for 2 s) and slow-reader=3
          (three more connections send requests and do not read). Times count from
          the end of the warm-up. If a fault does not happen, the exit code is 1.

A --scenario file names the routes in place of --route, and can set more:

  think = "200ms"                   # without a rate: a caller pauses after each call

  [guilds]
  ids = ["906875633666295393"]      # the ids for {{guild}}; [users] has the same keys

  [[route]]
  name = "members.page"
  weight = 9
  data = '{"guild_id": "{{guild}}", "page": {{rand 1 6}}}'
  expect = ["not_found"]            # errors that count as answers
  timeout = "500ms"                 # for calls of this route

In JSON the keys are the same. There "data" may also be an object, with templates in
quotes, which give text. If a template must give a number, as the page above, "data" has
to be a string.

The outcome of a call is one of these:

  answered    the bot has answered, with a result or an expected error
  failed      the bot has answered with an unexpected error, or there was no connection
  unanswered  no answer came in time, or the connection was lost: the call may have run

Errors, as in err<0.1%, are the failed and the unanswered calls.

The report shows how long calls took, and the bot's own figures of its cogs, which time
one call in eight. ~ marks a percentile of too few calls. In an INVALID RUN the load
generator was the bottleneck: give it a machine, or at least cores, of its own. Ctrl-C
ends a run early, with a report.

"load NAME" has nothing to do with load tests: it loads a cog that was unloaded. A bot
can only load cogs that it has had since its start. For a new cog, start the bot again.`
