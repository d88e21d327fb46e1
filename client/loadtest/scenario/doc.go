// Package scenario describes the calls of a load test: their routes and the frequency
// of each, their data, and their guilds and users.
//
// A scenario is a value, or a file in TOML or JSON with the same keys. In TOML:
//
//	think = "10ms"           # pause of a caller after each call; default: none
//
//	[guilds]                 # the ids for {{guild}}
//	count = 2500             # number of made-up ids; default: 1000
//	zipf = 1.1               # the first ids are the busiest; default: all equally
//
//	[users]                  # the ids for {{user}}
//	ids = ["80351110224678912", 80351110190468096] # instead of made-up ids
//
//	[[route]]
//	name = "members.count"
//	weight = 9               # 9 calls of this route for 1 of the next; default: 1
//	data = '{"guild_id": "{{guild}}"}'
//
//	[[route]]
//	name = "prefix.set"
//	data = '{"guild_id": "{{guild}}", "prefix": "{{rand 10 99}}"}'
//	expect = ["forbidden"]   # errors that count as answers
//	timeout = "500ms"        # default: the plan's Timeout
//
// In JSON "route" is an array of objects, and data may be an object too:
//
//	{"route": [{"name": "members.count", "data": {"guild_id": "{{guild}}"}}]}
//
// In such an object, templates are in quotes, like all text in JSON, and so are their
// results. For a number, data must be a string:
//
//	{"route": [{"name": "members.page", "data": "{\"page\": {{rand 1 6}}}"}]}
//
// An error in a file has the line and the path of the key, in which lists count from
// zero: load.toml:7: route[0].weight: want a number above 0.
//
// # Templates
//
// A template of package text/template produces the data of a call, which must be JSON.
// The template has these functions, and no data:
//
//	guild       an id of a guild, in digits without quotes; the same id within one call
//	user        an id of a user, likewise
//	seq         the number of the call in the run
//	rand        a random whole number from 0, below 2^53
//	rand 6      a random whole number from 0 to 5
//	rand 10 20  a random whole number from 10 to 20
//	pad 100     100 letters, to make the data larger
//
// If data has only text, and these functions with constant numbers, filling it in
// allocates no memory. All other features of text/template (if, printf, variables,
// pipelines) work too, and cost some microseconds a call.
package scenario
