package load

// help explains the command.
const help = `With a rate, calls are made when they are due, whatever became of those before,
and the response time begins when a call was due: a bot that stops for a moment is
charged for all that this delays. Without, each caller waits for its answer before
it calls again, and a slow bot gets fewer calls.

  ROUTE   NAME, NAME*WEIGHT or NAME*WEIGHT=DATA: the weight is its share of the
          calls beside other routes, and DATA the JSON that it is sent ({} without).
          It is a template with {{guild}}, {{user}}, {{seq}}, {{rand}}, {{rand 1 6}}
          and {{pad 100}}: 'members.count*9={"guild_id":"{{guild}}"}'. Ids are made
          up, and no real bot knows them, unless --guild-ids and --user-ids, or ids
          in a scenario, say which there are.
  STAGES  RATE:TIME,…: the rate goes to RATE evenly over that TIME, from --rate or
          nothing: 500:1m,500:2m,0:10s
  GOALS   bounds for p50, p90, p95, p99, p99.9, p99.99, max and mean of the response
          times, service.p50, service.p99, service.mean, err and unanswered (shares
          of the calls), rps (answers a second), answered and missed (counts):
          'p99<5ms,err<0.1%,rps>=9000'
  FAULTS  reload=COG@10s, kill=COG@20s, unload=COG@5s and load=COG@8s, which take
          the secret in COGBUS_ADMIN_SECRET; churn=50/s@5s+2s (for 2 s connections
          are cut, and their calls lost, while --churn loses none), partition=2@10s+2s
          (two stand still) and slow-reader=3 (three more ask and do not read). Times
          count from the end of the warm-up. One that does not happen makes the exit
          code 1.

A --scenario file says what is called, and can say more:

  think = "200ms"                   # without a rate: a caller pauses after each call

  [guilds]
  ids = ["906875633666295393"]      # what {{guild}} draws from; [users] has the same

  [[route]]
  name = "members.page"
  weight = 9
  data = '{"guild_id": "{{guild}}", "page": {{rand 1 6}}}'
  expect = ["not_found"]            # errors that count as answers
  timeout = "500ms"                 # of calls of this route

In JSON the keys are the same; "data" may be an object there, in which templates stand
in quotes and give text. For a number, as in the page above, "data" has to be a string.

Each call is answered; or failed, with an error that was not expected, or since there
was no connection; or unanswered, since there was no answer in time or the connection
was lost: it may have run. Errors are what failed and what was unanswered.

The report says how long calls took, and what the bot says of its cogs; times of the
cogs are of one call in eight. ~ marks a percentile of too few calls. An INVALID RUN
is one in which the generator was the bottleneck: give it a machine, or at least cores,
of its own. Ctrl-C ends a run early, with a report.

"load NAME" has nothing to do with load tests: it loads a cog that was unloaded. A
bot can load the cogs that it had loaded since it was started; new ones take a new
start.`
